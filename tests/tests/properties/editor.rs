//! The editor never crashes, and an edited program is what it would be if it had just been opened: prefixes of every file,
//! and random edits.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use weir::diagnostic::merge::merge;
use weir::ide::{
    Desk, Memory, Site, Way, Whole, Workspace, World, actions, calls, completion, definition, folding,
    formatting, highlight, hints, hover, lenses, links, reach_page, references, rename, selection, signature,
    symbols, tokens, yaml,
};
use weir::source::{FileId, Source};
use weir::target::Options;
use weir::{Cluster, Inventory, Span, Target};
use weir_cluster::manifest::Reader;

use super::check;
use crate::harness;

fn shop() -> Inventory {
    let mut reader = Reader::new("default");
    for path in harness::entries(harness::root().join("examples/online-shop/manifests")) {
        reader.read(&path.display().to_string(), harness::read(&path).as_bytes()).unwrap();
    }
    reader.finish().unwrap()
}

fn workspace(files: &[(String, String)], world: &Arc<World>) -> Workspace {
    let sources = files.iter().map(|(name, text)| Arc::new(Source::of(name, name, text))).collect();
    let site = Site { world: Arc::clone(world), target: Target::Cilium, options: Options::default() };
    Workspace::new(None, sources, vec![site], weir_tests::TODAY)
}

/// Everything that an editor asks at one place of a file, as text.
fn answers(workspace: &Workspace, whole: &Whole, file: FileId, offset: u32) -> String {
    let desk = Desk::new(workspace, 0, file, Some(whole));
    let all = Span { start: 0, end: desk.text().len() as u32 };
    let items = completion::completion(&desk, offset);
    let documented = items.items.iter().take(3).filter_map(|item| item.doc.as_ref());
    let documented: Vec<_> = documented.map(|key| completion::documentation(&desk, key)).collect();
    let lenses = lenses::lenses(&desk);
    let titles: Vec<_> = lenses.iter().take(8).map(|lens| lenses::title(&desk, lens)).collect();
    let prepared = calls::prepare(&desk, offset);
    let called = prepared.first().map(|item| calls::calls(&desk, &item.key, Way::Incoming));
    let shape = (
        symbols::document(&desk),
        links::links(&desk),
        tokens::tokens(&desk),
        folding::folds(&desk),
        selection::selection(&desk, offset),
        hints::hints(&desk, all),
    );
    let names = (
        signature::signature(&desk, offset),
        hover::hover(&desk, offset),
        definition::definition(&desk, offset),
        references::references(&desk, offset, true),
        highlight::highlights(&desk, offset),
        rename::prepare(&desk, offset),
        rename::rename(&desk, offset, "quite-new"),
    );
    let edits = (
        formatting::document(&desk),
        formatting::range(&desk, all),
        formatting::on_type(&desk, offset, ';'),
        actions::actions(&desk, Span { start: offset, end: offset }),
        actions::fix_all(&desk),
    );
    let pages = (yaml::of_statement(&desk, offset, None), reach_page::page(&desk, offset, Way::Outgoing));
    format!("{items:?}{documented:?}{titles:?}{prepared:?}{called:?}{shape:?}{names:?}{edits:?}{pages:?}")
}

fn judged(workspace: &Workspace, memory: &mut Memory) -> Whole {
    workspace.judge(memory, &|| false).unwrap()
}

/// Every program of the repository.
fn programs() -> Vec<(String, String)> {
    let mut waiting: Vec<PathBuf> =
        ["examples", "stdlib", "tests/cases"].map(|folder| harness::root().join(folder)).into();
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(harness::entries(path));
        } else if path.extension().is_some_and(|ending| ending == "weir") {
            found.push((path.display().to_string(), harness::read(&path)));
        }
    }
    found.sort();
    found
}

/// Any beginning of any file: everything is asked where it breaks off, and nothing panics.
#[test]
fn beginnings_of_files_are_answered() {
    let (world, programs) = (Arc::new(World::of(shop(), Cluster::default())), programs());
    assert!(programs.len() > 50);
    let strategy = (0..programs.len(), any::<prop::sample::Index>());
    let beginning = |(at, end): &(usize, prop::sample::Index)| {
        let (name, text) = &programs[*at];
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        (name.clone(), text[..ends[end.index(ends.len())]].to_owned())
    };
    let show = |drawn: &_| {
        let (name, text) = beginning(drawn);
        format!("{name}, cut behind\n{text}")
    };
    check(60, strategy, show, |drawn| {
        let (_, text) = beginning(drawn);
        let workspace = workspace(&[("main.weir".to_owned(), text.clone())], &world);
        let whole = judged(&workspace, &mut Memory::default());
        for offset in [0, text.len() / 2, text.len()] {
            let offset = (0..=offset).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            answers(&workspace, &whole, FileId(0), offset as u32);
        }
        Ok(())
    });
}

/// One edit: which file, where, how much goes, and what comes.
#[derive(Clone, Debug)]
struct Change {
    file: usize,
    at: prop::sample::Index,
    length: usize,
    text: String,
    /// Whether the program is judged behind it, and after how many questions that is given up.
    judged: Option<usize>,
}

const PIECES: &[&str] = &[
    "",
    " ",
    ";",
    "\n",
    "}",
    "{",
    "\"",
    "#",
    "shop/web",
    " may reach ",
    "data/orders:5432",
    "namespace shop locked;\n",
    "let front = shop/web;\n",
    "export let back = shop/api;\n",
    "use other;\n",
    "use std.kubernetes;\n",
    "policy p(a) { a locked; }\n",
    "apply p(front);\n",
    "in namespace shop { ",
    "# weir: allow(W0102) because \"so\"\n",
    "ö🦀",
];

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = (
        0..2_usize,
        any::<prop::sample::Index>(),
        prop_oneof![Just(0_usize), 0..12_usize, 0..60_usize],
        prop::sample::select(PIECES),
        prop_oneof![3 => Just(None), 1 => (0..8_usize).prop_map(Some), 1 => Just(Some(usize::MAX))],
    );
    let change = change.prop_map(|(file, at, length, text, judged)| Change {
        file,
        at,
        length,
        text: text.to_owned(),
        judged,
    });
    prop::collection::vec(change, 1..12)
}

fn applied(text: &str, change: &Change) -> String {
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let first = change.at.index(ends.len());
    let last = (first + change.length).min(ends.len() - 1);
    format!("{}{}{}", &text[..ends[first]], change.text, &text[ends[last]..])
}

/// Any sequence of edits, judged in between or not, to the end or not: what is said and answered in the end is what is said
/// of the same texts, opened afresh.
#[test]
fn edits_come_to_what_their_texts_are() {
    let world = Arc::new(World::of(shop(), Cluster::default()));
    let main = harness::read(harness::root().join("examples/online-shop/shop.weir"));
    let other =
        "export let outside = 203.0.113.0/24;\nexport policy kept(who) {\n    who locked;\n}\n".to_owned();
    let files = [
        ("main.weir".to_owned(), format!("use other;\n{main}apply kept(shop/worker);\n")),
        ("other.weir".to_owned(), other),
    ];
    let show = |changes: &Vec<Change>| format!("{changes:#?}");
    check(30, changes(), show, |changes| {
        let mut edited = workspace(&files, &world);
        let mut memory = Memory::default();
        let mut texts = files.clone();
        for change in changes {
            let text = applied(&texts[change.file].1, change);
            texts[change.file].1.clone_from(&text);
            edited.edit(FileId(change.file as u32), text);
            edited.file_diagnostics(FileId(change.file as u32));
            if let Some(most) = change.judged {
                let asked = AtomicUsize::new(0);
                let is_stopped = || asked.fetch_add(1, Ordering::SeqCst) >= most;
                let _ = edited.judge(&mut memory, &is_stopped);
            }
        }
        let fresh = workspace(&texts, &world);
        let (edited_whole, fresh_whole) =
            (judged(&edited, &mut memory), judged(&fresh, &mut Memory::default()));
        same("diagnostics", &edited_whole.diagnostics, &fresh_whole.diagnostics)?;
        for (at, (_, text)) in texts.iter().enumerate() {
            let file = FileId(at as u32);
            same("own diagnostics", &edited.file_diagnostics(file), &fresh.file_diagnostics(file))?;
            let offset = changes.last().map_or(0, |change| change.at.index(text.len() + 1));
            let offset = (0..=offset).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0) as u32;
            let answered = |workspace, whole| answers(workspace, whole, file, offset);
            same("answers", &answered(&edited, &edited_whole), &answered(&fresh, &fresh_whole))?;
        }
        Ok(())
    });
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, edited: &T, fresh: &T) -> Result<(), TestCaseError> {
    prop_assert!(edited == fresh, "{what} differ: edited\n{edited:#?}\nafresh\n{fresh:#?}");
    Ok(())
}

/// The editor says what `weir check` says.
#[test]
fn the_editor_and_the_command_agree() {
    let inventory = shop();
    let facts = weir::Facts::of(&inventory);
    let setting = weir::Setting::new(&facts, Target::Cilium, weir_tests::TODAY);
    let world = Arc::new(World::of(shop(), Cluster::default()));
    for (name, text) in programs() {
        let workspace = workspace(&[("main.weir".to_owned(), text.clone())], &world);
        // In the order of the editor: the library behind the program's own files.
        let analysis = weir::analyze(&workspace.sources, &setting);
        let told = merge(vec![(String::new(), analysis.diagnostics)]);
        assert_eq!(judged(&workspace, &mut Memory::default()).diagnostics, told, "{name}");
    }
}
