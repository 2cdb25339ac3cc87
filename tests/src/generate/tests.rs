//! What is generated is the same for a seed, as large as asked for, and compiles.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::rc::Rc;

use weir::{Code, Diagnostic, Facts, Severity, Sources, Target};
use weir_cluster::manifest::Reader;

use super::{Size, Totals, generate};

fn small() -> Size {
    Size { namespaces: 20, workloads: 200, pods: 1000, sentences: 400, files: 4, everywhere: 4, seed: 1 }
}

/// A file in memory.
#[derive(Clone, Default)]
struct File(Rc<RefCell<Vec<u8>>>);

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn generated(size: &Size) -> (BTreeMap<String, Vec<u8>>, Totals) {
    let mut files: BTreeMap<String, File> = BTreeMap::new();
    let create = |path: &str| Ok(files.entry(path.to_owned()).or_default().clone());
    let totals = generate(size, create).expect("memory takes everything");
    (files.into_iter().map(|(path, file)| (path, file.0.take())).collect(), totals)
}

#[test]
fn one_seed_gives_the_same_bytes() {
    assert_eq!(generated(&small()), generated(&small()));
    let other = Size { seed: 2, ..small() };
    assert_ne!(generated(&small()).0, generated(&other).0);
}

#[test]
fn a_program_compiles_without_an_error() {
    for seed in 1..4 {
        let (files, totals) = generated(&Size { seed, ..small() });
        assert_eq!(totals.sentences.items, 400);
        let mut reader = Reader::new("default");
        let mut sources = Sources::with_prelude();
        for (path, bytes) in files {
            if path.ends_with(".weir") {
                sources.add(path.clone(), path, String::from_utf8(bytes).expect("a program is text"));
            } else {
                assert_eq!(reader.read(&path, &bytes), Ok(()));
            }
        }
        let inventory = reader.finish().expect("every object is well-formed");
        assert_eq!(inventory.workloads.len(), 201, "and coredns");
        let facts = Facts::of(&inventory);
        let analysis =
            weir::analyze(&sources, &weir::Setting::new(&facts, Target::NetworkPolicy, crate::TODAY));
        let found = |severity| analysis.diagnostics.iter().filter(move |said| said.severity == severity);
        assert_eq!(found(Severity::Error).map(|said| &said.message).collect::<Vec<_>>(), [""; 0]);
        // Grants are drawn at random: some say what others do.
        let repeats = |said: &&Diagnostic| matches!(said.code, Code::W0117 | Code::W0118);
        let lints = found(Severity::Warning).filter(|said| !repeats(said));
        assert!(lints.count() < 4, "hardly a lint");
        assert!(analysis.build(&facts).is_some_and(|documents| documents.len() > 100));
    }
}

#[test]
fn sizes_are_as_asked() {
    let (_, totals) = generated(&small());
    assert!(totals.objects.items > 1000 + 200 + 20);
    assert_eq!(totals.sentences.files, 4);
    let (files, totals) = generated(&Size { files: 7, ..small() });
    assert_eq!((totals.sentences.files, totals.sentences.items), (7, 400));
    let lines = |text: &Vec<u8>| text.iter().filter(|byte| **byte == b'\n').count() - 2;
    let lengths = files.iter().filter(|(path, _)| path.ends_with(".weir")).map(|(_, text)| lines(text));
    assert_eq!(lengths.collect::<Vec<_>>(), [57, 57, 57, 57, 57, 57, 58]);
    assert!(Size { pods: 100, ..small() }.check().is_err());
    assert!(Size { files: 401, ..small() }.check().is_err());
}
