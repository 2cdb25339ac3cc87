//! Things of the cluster and of a program in few words, for whatever an editor shows: counts, places, code.

use roaring::RoaringBitmap as Bits;
use weir_cluster::Inventory;
use weir_cluster::inventory::WorkloadId;

use super::Workspace;
use crate::source::Place;

/// `1 pod`, `3 pods`
pub(super) fn count(number: u64, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// The workloads of classes, in the order of the inventory.
pub(super) fn workloads(classes: &Bits, inventory: &Inventory) -> Vec<WorkloadId> {
    let of = |class: u32| inventory.classes.get(class as usize).map(|class| class.workload);
    let mut found: Vec<WorkloadId> = classes.iter().filter_map(of).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// How many pods run today; where manifests alone are known, how many workloads there are.
pub(super) fn crowd(classes: &Bits, inventory: &Inventory) -> String {
    let pods = |class: u32| inventory.classes.get(class as usize).map_or(0, |class| u64::from(class.pods));
    match (classes.iter().map(pods).sum(), workloads(classes, inventory).len()) {
        (0, 0) => "nothing today".to_owned(),
        (0, some) => count(some as u64, "workload"),
        (pods, _) => count(pods, "pod"),
    }
}

/// `shop.weir:3`
pub(super) fn place(workspace: &Workspace, place: Place) -> String {
    let source = workspace.sources.get(place.file);
    let before = source.text.as_bytes().iter().take(place.span.start as usize);
    format!("{}:{}", source.name, before.filter(|byte| **byte == b'\n').count() + 1)
}

/// `a`, `a and b`, `a, b and 3 more`
pub(super) fn capped(words: &[String], most: usize) -> String {
    match words.len().checked_sub(most) {
        None | Some(0) => words.join(", "),
        Some(more) => format!("{} and {more} more", words[..most].join(", ")),
    }
}

/// `"x"` as code of Markdown, whatever it holds.
pub(super) fn code(text: &str) -> String {
    match text.contains('`') {
        true => format!("`` {text} ``"),
        false => format!("`{text}`"),
    }
}
