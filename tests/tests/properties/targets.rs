//! Every program that a target can say is written validly for it, and the same whatever the order of its sentences.
//! What the objects let flow is not judged here.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use weir::{Facts, Inventory, Target};

use super::{
    FORESEEN, check, cluster, error_codes, inventory, print, program, settle, show, sources, written,
};

/// What only some targets refuse.
const OF_TARGETS: &[&str] = &["E0403", "E0406", "E0408", "E0409", "E0410", "E0412", "E0413"];

fn built(inventory: &Inventory, text: &str, target: Target) -> Result<String, Vec<(&'static str, String)>> {
    let facts = Facts::of(inventory);
    let setting = weir::Setting::new(&facts, target, weir_tests::TODAY);
    let analysis = weir::analyze(&sources(&[("main.weir", text.to_owned())]), &setting);
    let Some(documents) = analysis.build(&facts) else { return Err(error_codes(&analysis)) };
    let yaml = written(&documents);
    if let Some(proof) = analysis.verify(&facts, &[("built.yaml", &yaml)]).filter(|proof| !proof.holds()) {
        let told = weir::diagnostic::render::render(
            &sources(&[("main.weir", text.to_owned())]),
            &proof.diagnostics,
            false,
        );
        return Err(vec![("E0601", format!("{told}\n{yaml}"))]);
    }
    Ok(yaml)
}

#[test]
fn what_is_written_for_every_target_is_valid() {
    let told: RefCell<BTreeMap<&'static str, u32>> = RefCell::default();
    check(
        250,
        (cluster::cluster(), program::program()),
        |(cluster, program)| show(cluster, &settle::settle(program, cluster)),
        |(cluster, program)| {
            let program = settle::settle(program, cluster);
            let inventory = inventory(&print::manifests(cluster));
            let mut statements = print::statements(&program, cluster);
            let text = statements.join("\n") + "\n";
            statements.reverse();
            let reversed = statements.join("\n") + "\n";
            for target in Target::ALL {
                match built(&inventory, &text, *target) {
                    Ok(yaml) => {
                        *told.borrow_mut().entry(target.name()).or_default() += 1;
                        let again = built(&inventory, &reversed, *target);
                        prop_assert_eq!(again.as_deref(), Ok(yaml.as_str()), "{}", target.name());
                    }
                    Err(errors) => {
                        for (code, message) in errors {
                            let foreseen = FORESEEN.contains(&code) || OF_TARGETS.contains(&code);
                            prop_assert!(foreseen, "{}: {code} {message}", target.name());
                        }
                    }
                }
            }
            Ok(())
        },
    );
    println!("written: {:?}", told.borrow());
    assert_eq!(told.borrow().len(), Target::ALL.len(), "{told:?}");
}
