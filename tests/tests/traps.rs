//! Where network policy surprises people: each trap that `docs/traps.md` lists has cases of its number, and the other
//! way round. A case is a program for the targets that it names, against the town and what a `.yaml` of its name adds;
//! its snapshot is what is written for each of them, and what is said.

use std::collections::BTreeSet;

use weir::Target;
use weir_tests::validity::{self, Schemas};

use crate::harness;

fn names() -> Vec<String> {
    let entries = harness::entries(harness::cases().join("traps"));
    let stem = |path: &std::path::PathBuf| {
        let name = path.file_name()?.to_str()?;
        name.strip_suffix(".weir").map(str::to_owned)
    };
    entries.iter().filter_map(stem).collect()
}

fn targets(text: &str) -> Vec<Target> {
    let named = text.lines().filter_map(|line| line.strip_prefix("# target: "));
    named.map(|name| Target::parse(name).unwrap_or_else(|| panic!("`{name}` is a target"))).collect()
}

#[test]
fn traps() {
    let folder = harness::cases().join("traps");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for name in names() {
        let text = harness::read(folder.join(format!("{name}.weir")));
        let mut manifests = harness::texts(&[harness::cases().join("inventory.yaml")]);
        let own = folder.join(format!("{name}.yaml"));
        if own.exists() {
            manifests.extend(harness::texts(&[own]));
        }
        let mut shown = String::new();
        for target in targets(&text) {
            let program = vec![("trap.weir".to_owned(), text.clone())];
            let built = harness::build_in(&program, &manifests, target, None);
            shown += &format!("==== {}\n", target.name());
            if let Some(yaml) = &built.yaml {
                let wrong = validity::check(yaml, Schemas::of_environment());
                let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
                assert!(wrong.is_empty(), "{name}, {}:\n{}", target.name(), wrong.join("\n"));
                shown += yaml;
            }
            shown += &built.rendered();
        }
        settings.bind(|| insta::assert_snapshot!(name, shown));
    }
}

#[test]
fn every_trap_that_is_listed_has_cases() {
    let page = harness::read(harness::root().join("docs/traps.md"));
    let number = |cell: &str| cell.trim().parse::<u32>().ok();
    let mut listed = BTreeSet::new();
    let mut tested = BTreeSet::new();
    for row in page.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.split('|').collect();
        let Some(number) = cells.get(1).and_then(|cell| number(cell)) else { continue };
        assert!(listed.insert(number), "{number} is listed once");
        if !cells[cells.len() - 2].trim().is_empty() {
            tested.insert(number);
        }
    }
    let cases: BTreeSet<u32> =
        names().iter().filter_map(|name| number(name.split('-').next().unwrap_or_default())).collect();
    assert_eq!(tested, cases, "the rows with a tick, and the cases");
    assert_eq!(listed, (1..=63).collect());
}
