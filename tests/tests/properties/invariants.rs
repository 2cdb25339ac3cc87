//! What no change of a program or its input may do: order and comments change nothing, grants add up, names stay.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use weir::{Document, Facts, Inventory, Target};
use weir_cluster::enforce::{self, Dialect, Switches};
use weir_cluster::flow::Flows;
use weir_cluster::manifest::Reader;

use super::factor;
use super::judge::{read, show_point, space};
use super::program::{self, Program, SentenceKind, Verb};
use super::{
    build, check, cluster, error_codes, inventory, print, settle, show, sources, text, violations, written,
};

/// Files, documents and sentences in an order drawn at random.
pub fn shuffled<T: Clone>(items: &[T], order: &[u32]) -> Vec<T> {
    let mut keyed: Vec<(u32, &T)> = items
        .iter()
        .enumerate()
        .map(|(at, item)| (order[at % order.len()].rotate_left(at as u32), item))
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, item)| item.clone()).collect()
}

fn built(inventory: &Inventory, files: &[(&str, String)]) -> Option<String> {
    let facts = Facts::of(inventory);
    let analysis =
        weir::analyze(&sources(files), &weir::Setting::new(&facts, Target::NetworkPolicy, weir_tests::TODAY));
    analysis.build(&facts).map(|documents| written(&documents))
}

#[test]
fn order_and_comments_change_no_byte() {
    check(
        80,
        (cluster::cluster(), program::program(), prop::collection::vec(any::<u32>(), 40)),
        |(cluster, program, _)| show(cluster, &settle::settle(program, cluster)),
        |(cluster, program, order)| {
            let program = settle::settle(program, cluster);
            let documents = print::manifests(cluster);
            let lets = print::lets(&program, cluster);
            let sentences = print::statements(&program, cluster)[lets.len()..].to_vec();
            let half = sentences.len() / 2;
            let file = |sentences: &[String], order: Option<&[u32]>, between: &str| {
                let all = [&lets[..], sentences].concat();
                order.map_or(all.clone(), |order| shuffled(&all, order)).join(between)
            };
            let plain = [
                ("b.weir", file(&sentences[..half], None, "\n")),
                ("a.weir", file(&sentences[half..], None, "\n")),
            ];
            let mixed = [
                ("a.weir", file(&sentences[half..], Some(order), "# because \"no; }\n")),
                ("b.weir", file(&sentences[..half], Some(order), "\r\n\t\n# ü\n")),
            ];
            let expected = built(&inventory(&documents), &plain);
            let mut reader = Reader::new("default");
            let mixed_up = shuffled(&documents, order);
            for part in mixed_up.chunks(mixed_up.len() / 2 + 1).rev() {
                let _ = reader.read("part.yaml", part.join("---\n").as_bytes());
            }
            let found = built(&reader.finish().expect("the same objects"), &mixed);
            prop_assert!(
                expected == found,
                "{}\n=====\n{}",
                expected.unwrap_or_default(),
                found.unwrap_or_default()
            );
            Ok(())
        },
    );
}

/// Objects without the annotation that names sentences and files.
fn without_sentences(text: &str) -> String {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut hidden = None;
    let shown = text.lines().filter(|line| {
        if hidden.is_some_and(|least| depth(line) > least || line.is_empty()) {
            return false;
        }
        hidden = line.trim_start().starts_with(weir::SENTENCES).then(|| depth(line));
        hidden.is_none()
    });
    shown.map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn policies_and_files_change_no_byte() {
    let (built_up, drawn) = (Cell::new(0u32), Cell::new(0u32));
    check(
        120,
        (cluster::cluster(), program::program(), factor::plan()),
        |(cluster, program, plan)| {
            let program = settle::settle(program, cluster);
            let files = factor::apart(&program, cluster, plan).into_iter();
            let texts: Vec<String> = files.map(|(name, text)| format!("--- {name}\n{text}")).collect();
            show(cluster, &program) + &texts.concat()
        },
        |(cluster, program, plan)| {
            let program = settle::settle(program, cluster);
            let inventory = inventory(&print::manifests(cluster));
            let facts = Facts::of(&inventory);
            let analyzed = |files: &[(&str, String)]| {
                let setting = weir::Setting::new(&facts, Target::NetworkPolicy, weir_tests::TODAY);
                let analysis = weir::analyze(&sources(files), &setting);
                let objects = analysis.build(&facts).map(|documents| written(&documents));
                (objects.map(|text| without_sentences(&text)), error_codes(&analysis))
            };
            let (expected, expected_errors) = analyzed(&factor::whole(&program, cluster));
            let (found, errors) = analyzed(&factor::apart(&program, cluster, plan));
            // What is wrong with a set is wrong with an argument, too, in other words.
            prop_assert_eq!(expected.is_none(), found.is_none(), "{:?} {:?}", expected_errors, errors);
            drawn.set(drawn.get() + 1);
            built_up.set(built_up.get() + u32::from(expected.is_some()));
            prop_assert!(
                expected == found,
                "{}\n===== taken apart\n{}",
                expected.unwrap_or_default(),
                found.unwrap_or_default()
            );
            Ok(())
        },
    );
    println!("{} of {} programs taken apart compile", built_up.get(), drawn.get());
}

/// Whether a sentence grants and does nothing else.
fn is_grant(sentence: &program::Sentence) -> bool {
    matches!(&sentence.kind, SentenceKind::Grant(grant) if grant.verb == Verb::May)
}

/// A program with only some of its grants.
fn with_grants(program: &Program, which: impl Fn(usize) -> bool) -> Program {
    let mut sentences: Vec<_> =
        program.sentences.iter().filter(|sentence| !is_grant(sentence)).cloned().collect();
    let grants = program.sentences.iter().filter(|sentence| is_grant(sentence)).enumerate();
    sentences.extend(grants.filter(|(at, _)| which(*at)).map(|(_, sentence)| sentence.clone()));
    Program { sentences, ..program.clone() }
}

#[test]
fn grants_add_up_and_rename_nothing() {
    check(
        60,
        (cluster::cluster(), program::program(), program::newcomers()),
        |(cluster, program, _)| show(cluster, &settle::settle(program, cluster)),
        |(cluster, program, newcomers)| {
            let mut program = settle::settle(program, cluster);
            // What must be reached is not, where its grant is taken away.
            let requires = |one: &program::Sentence| matches!(&one.kind, SentenceKind::Grant(grant) if grant.verb == Verb::Must);
            program.sentences.retain(|one| !requires(one));
            let inventory = inventory(&print::manifests(cluster));
            let Ok(all) = build(&inventory, &text(&program, cluster))? else { return Ok(()) };
            let all = all.documents;
            let grants = program.sentences.iter().filter(|sentence| is_grant(sentence)).count();
            let mut kept = Vec::new();
            for only in 0..=grants {
                // The last round has no grant at all.
                let part = with_grants(&program, |at| at == only);
                match build(&inventory, &text(&part, cluster))? {
                    Ok(found) => kept.push(found.documents),
                    Err(codes) => {
                        return Err(TestCaseError::fail(format!("alone it is an error: {codes:?}")));
                    }
                }
            }
            let mut policies = read(&all)?;
            let whole = policies.clone();
            for (at, documents) in kept.iter().enumerate() {
                let mut renamed = documents.clone();
                renamed.iter_mut().for_each(|document| {
                    document.text = document.text.replace("  name: weir-", &format!("  name: x{at}-weir-"));
                });
                policies.extend(read(&renamed)?).expect("other names");
            }
            let (space, _) = space(cluster, &inventory, &program, newcomers, &policies);
            let enforced = whole.enforce(&space, &Switches::default());
            let mut union = Flows::empty(&space);
            for documents in &kept {
                union = union.union(&read(documents)?.enforce(&space, &Switches::default()).permitted);
            }
            let difference = union.minus(&enforced.permitted).union(&enforced.permitted.minus(&union));
            if let Some((from, to, atom)) = difference.witness() {
                return Err(TestCaseError::fail(format!(
                    "{} -> {} on {:?}: together {}, one by one {}",
                    show_point(&space.points[from]),
                    show_point(&space.points[to]),
                    space.ports.atom(atom),
                    enforced.permitted.contains(from, to, atom),
                    union.contains(from, to, atom)
                )));
            }
            let names = |documents: &[Document]| -> BTreeSet<(String, String)> {
                documents.iter().map(|one| (one.namespace.clone(), one.name.clone())).collect()
            };
            for documents in &kept {
                let lost: Vec<_> = names(documents).difference(&names(&all)).cloned().collect();
                prop_assert!(lost.is_empty(), "objects that another grant renames: {lost:?}");
            }
            Ok(())
        },
    );
}

#[test]
fn names_of_objects_are_valid_and_unique() {
    let value = prop_oneof![
        3 => "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?",
        1 => "[a-z]{63}",
        1 => Just("a..b".to_owned()),
        1 => Just("x-_.-y".to_owned()),
    ];
    let key = prop_oneof![
        2 => "[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
        1 => ("[a-z]{1,60}(\\.[a-z]{1,60}){1,3}", "[A-Za-z]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
            .prop_map(|(prefix, name)| format!("{prefix}/{name}")),
    ];
    let name = prop_oneof![
        2 => "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?){0,3}",
        1 => "[a-z]{63}(\\.[a-z]{63}){2}\\.[a-z]{61}",
        1 => Just("all-pods".to_owned()),
    ];
    let pods = prop::collection::vec((name, key, value), 1..6);
    check(
        200,
        (pods, "[a-z]{63}", any::<bool>()),
        |drawn| format!("{drawn:?}"),
        |(drawn, namespace, many)| {
            let mut documents = Vec::new();
            let mut text = String::new();
            for (name, key, value) in drawn {
                documents.push(format!(
                    "apiVersion: v1\nkind: Pod\nmetadata: {{name: \"{name}\", namespace: {namespace}, labels: {{\"{key}\": \"{value}\"}}}}\nspec: {{containers: [{{name: x}}]}}\n"
                ));
                text += &format!(
                    "namespace {namespace}[{key}=\"{value}\"] locked;\nnamespace {namespace}[{key}] locked;\n"
                );
                if *many {
                    text += &format!("anyone[{key}] may reach namespace {namespace}[{key}!=not-drawn];\n");
                }
            }
            let mut reader = Reader::new("default");
            let _ = reader.read("x.yaml", documents.join("---\n").as_bytes());
            // Two pods of one name, or labels that the manifests' reader refuses, are no case.
            let Ok(inventory) = reader.finish() else { return Err(TestCaseError::reject("the manifests")) };
            let facts = Facts::of(&inventory);
            let analysis = weir::analyze(
                &sources(&[("main.weir", text.clone())]),
                &weir::Setting::new(&facts, Target::NetworkPolicy, weir_tests::TODAY),
            );
            prop_assert!(!analysis.has_errors(), "{:?}\n{text}", error_codes(&analysis));
            let mut taken = BTreeSet::new();
            for document in analysis.build(&facts).unwrap_or_default() {
                let part = |part: &str| {
                    let edge =
                        |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
                    edge(part.chars().next())
                        && edge(part.chars().last())
                        && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
                };
                let name = document.name;
                prop_assert!(
                    name.len() <= 253 && name.split('.').all(part),
                    "`{name}` is no DNS-1123 subdomain"
                );
                prop_assert!(taken.insert((document.namespace, name.clone())), "`{name}` twice");
                prop_assert!(
                    enforce::read(Dialect::NetworkPolicy, "x", &document.text).is_ok(),
                    "{}",
                    document.text
                );
                prop_assert_eq!(violations(&document.text), "", "{}", document.text);
            }
            Ok(())
        },
    );
}
