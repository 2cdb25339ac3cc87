//! Programs for the tests of features: several files in one text, each below a line `-- NAME --`, with `$0` where the
//! cursor is. `cluster.yaml` is the inventory; without one, a small shop.

use std::sync::Arc;

use weir_cluster::manifest::Reader;
use weir_grammar::ast::Day;

use super::{Desk, Edit, Memory, Site, Whole, Workspace, World};
use crate::source::{FileId, Source};
use crate::target::{Options, Target};

pub struct Fixture {
    pub workspace: Workspace,
    pub whole: Whole,
    /// The file that the cursor is in, and where.
    pub file: FileId,
    pub offset: u32,
}

pub fn fixture(text: &str) -> Fixture {
    fixture_for(text, Target::NetworkPolicy)
}

pub fn fixture_for(text: &str, target: Target) -> Fixture {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("-- ").and_then(|line| line.strip_suffix(" --")) {
            Some(name) => files.push((name.to_owned(), String::new())),
            None => {
                if files.is_empty() {
                    files.push(("main.weir".to_owned(), String::new()));
                }
                let (_, text) = files.last_mut().unwrap();
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    if files.is_empty() {
        files.push(("main.weir".to_owned(), String::new()));
    }
    let mut take = |wanted: &str| {
        let at = files.iter().position(|(name, _)| name == wanted)?;
        Some(files.remove(at).1)
    };
    let inventory = take("cluster.yaml").unwrap_or_else(|| SHOP.to_owned());
    let settings = take("weir.toml").map(|text| Source::settings("weir.toml", "weir.toml", text));
    let mut cursor = None;
    let sources: Vec<Arc<Source>> = files
        .into_iter()
        .map(|(name, mut text)| {
            if let Some(at) = text.find("$0") {
                text.replace_range(at..at + 2, "");
                cursor = Some((name.clone(), at as u32));
            }
            Arc::new(Source::of(name.clone(), name, text))
        })
        .collect();
    let first = sources[0].name.clone();
    let mut reader = Reader::new("default");
    reader.read("cluster.yaml", inventory.as_bytes()).unwrap();
    let inventory = reader.finish().unwrap();
    let mut workspace = Workspace::new(settings, sources, Vec::new(), Day { year: 2026, month: 11, day: 1 });
    let cluster = workspace.project().and_then(|project| project.clusters.first().cloned());
    let world = Arc::new(World::of(inventory, cluster.unwrap_or_default()));
    workspace.sites = vec![Site { world, target, options: Options::default() }];
    let whole = workspace.judge(&mut Memory::default(), &|| false).unwrap();
    let (name, offset) = cursor.unwrap_or((first, 0));
    let file = workspace.file(&name).unwrap();
    Fixture { workspace, whole, file, offset }
}

/// A text with edits made to it: none of them overlap.
pub fn edited(text: &str, edits: &[Edit]) -> String {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.place.span);
    let apart = |pair: &[&Edit]| pair[0].place.span.end <= pair[1].place.span.start;
    assert!(sorted.windows(2).all(apart), "{edits:?}");
    let mut text = text.to_owned();
    for edit in sorted.into_iter().rev() {
        text.replace_range(edit.place.span.range(), &edit.text);
    }
    text
}

impl Fixture {
    pub fn desk(&self) -> Desk<'_> {
        Desk::new(&self.workspace, 0, self.file, Some(&self.whole))
    }
}

/// A shop with a front, an API and a database, and who watches them.
pub const SHOP: &str = include_str!("fixture/shop.yaml");
