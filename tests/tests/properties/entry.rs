//! The doors of `weir_tests::entry`, knocked at with random bytes and with the repository's own files, mutated.

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use weir_tests::entry;

use super::check;
use crate::harness;

/// What a text is seldom ready for.
const SPECIAL: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\xc3\x28",
    b"\r",
    b"\n\n",
    b"\t",
    "\u{feff}".as_bytes(),
    "\u{202e}".as_bytes(),
    "\u{1b}[31m".as_bytes(),
    "\u{2028}".as_bytes(),
    "é".as_bytes(),
    "🦀".as_bytes(),
    b"99999999999",
    b"-1",
    b"0x1F",
    b"1e999",
    b"10.0.0.0/33",
    b"300.1.1.1",
    b"::1",
    b"2027-02-30",
    b"((((((((",
    b"))))))))",
    b"{{{{{{{{",
    b"}}}}",
    b"[[[[",
    b"]]]]",
    b"\"",
    b"\"\"\"",
    b"'",
    b"'''",
    b"\\",
    b"\\u12",
    b";;;;",
    b", ,",
    b"#",
    b"=",
    b"---\n",
    b"...\n",
    b"&a ",
    b"*a",
    b"<<: *a\n",
    b"!!binary ",
    b"? ",
    b": ",
    b"null",
    b"true",
    b"~",
    b" except ",
    b" in each namespaces[a=b] {",
    b" if present ",
    b" even if absent ",
    b" must not reach ",
    b" may only reach ",
    b" policy p(a) { apply p(a); } apply p(web);",
    b" let a = a;",
    b" until 9999-99-99 ",
    b"[clusters.a]\n",
    b"a.b.c.d = 1\n",
];

#[derive(Clone, Debug)]
enum Mutation {
    Flip(Index, u8),
    Truncate(Index),
    Remove(Index, Index),
    Insert(Index, &'static [u8]),
    Repeat(Index, Index, u8),
    /// A stretch of another file.
    Splice(Index, Index, Index, Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        3 => (any::<Index>(), 0..8u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        1 => any::<Index>().prop_map(Mutation::Truncate),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Mutation::Remove(from, to)),
        6 => (any::<Index>(), prop::sample::select(SPECIAL)).prop_map(|(at, text)| Mutation::Insert(at, text)),
        2 => (any::<Index>(), any::<Index>(), 1..64u8).prop_map(|(from, to, times)| Mutation::Repeat(from, to, times)),
        2 => (any::<Index>(), any::<Index>(), any::<Index>(), any::<Index>())
            .prop_map(|(at, file, from, to)| Mutation::Splice(at, file, from, to)),
    ]
}

/// No stretch that is moved is longer, so that repeating it stays small.
const STRETCH: usize = 200;

fn stretch(bytes: &[u8], from: Index, to: Index) -> std::ops::Range<usize> {
    let from = from.index(bytes.len() + 1);
    from..(from + to.index(STRETCH)).min(bytes.len())
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation, corpus: &[Vec<u8>]) {
    match mutation {
        Mutation::Flip(at, bit) => {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
        }
        Mutation::Truncate(at) => bytes.truncate(at.index(bytes.len() + 1)),
        Mutation::Remove(from, to) => drop(bytes.drain(stretch(bytes, *from, *to))),
        Mutation::Insert(at, text) => {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, text.iter().copied());
        }
        Mutation::Repeat(from, to, times) => {
            let range = stretch(bytes, *from, *to);
            let again = bytes[range.clone()].repeat(usize::from(*times));
            bytes.splice(range.end..range.end, again);
        }
        Mutation::Splice(at, file, from, to) => {
            let other = &corpus[file.index(corpus.len())];
            let part = other[stretch(other, *from, *to)].to_vec();
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, part);
        }
    }
}

/// The files below these folders with that ending, but for very long ones.
fn files(folders: &[&str], ending: &str) -> Vec<Vec<u8>> {
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| harness::root().join(folder)).collect();
    let mut files = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(harness::entries(path));
        } else if path.to_string_lossy().ends_with(ending) {
            files.push(std::fs::read(path).unwrap());
        }
    }
    files.retain(|bytes| bytes.len() < 20_000);
    assert!(!files.is_empty(), "there are files in {folders:?}");
    files
}

fn knock(cases: u64, corpus: &[Vec<u8>], door: fn(&[u8])) {
    let mutated = (any::<Index>(), prop::collection::vec(mutation(), 1..6)).prop_map(|(file, mutations)| {
        let mut bytes = corpus[file.index(corpus.len())].clone();
        mutations.iter().for_each(|mutation| mutate(&mut bytes, mutation, corpus));
        bytes
    });
    let random = prop::collection::vec(any::<u8>(), 0..200);
    let special = prop::collection::vec(prop::sample::select(SPECIAL), 0..40).prop_map(|all| all.concat());
    let bytes = prop_oneof![6 => mutated, 1 => random, 1 => special];
    check(
        cases,
        bytes,
        |bytes| show(bytes),
        |bytes| {
            door(bytes);
            Ok(())
        },
    );
}

fn show(bytes: &[u8]) -> String {
    format!("{}\n{:?}", String::from_utf8_lossy(bytes), String::from_utf8_lossy(bytes))
}

#[test]
fn any_bytes_are_a_program_or_refused() {
    let corpus = files(&["stdlib", "examples", "tests/cases"], ".weir");
    corpus.iter().for_each(|bytes| entry::parse(bytes));
    knock(600, &corpus, entry::parse);
}

#[test]
fn any_bytes_are_manifests_or_refused() {
    let corpus = files(&["examples", "tests/cases"], ".yaml");
    corpus.iter().for_each(|bytes| entry::manifest(bytes));
    knock(600, &corpus, entry::manifest);
}

#[test]
fn any_bytes_are_settings_or_refused() {
    let mut corpus = files(&["examples", "tests/cases"], ".toml");
    let page = harness::read(harness::root().join(Path::new("docs/projects.md")));
    let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```"));
    corpus.extend(blocks.map(|(text, _)| text.as_bytes().to_vec()));
    corpus.iter().for_each(|bytes| entry::weir_toml(bytes));
    knock(3000, &corpus, entry::weir_toml);
}
