//! Who may reach whom, as the protocol's call hierarchy.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::*;
use weir::ide::{Desk, Way, calls};

use crate::convert::Texts;

/// What an item brings along, by which it is found again.
#[derive(Debug, Serialize, Deserialize)]
struct Resolvable {
    /// The document that was asked about: it belongs to the program.
    home: Uri,
    key: String,
}

pub fn prepare(desk: &Desk<'_>, texts: &Texts<'_>, uri: &Uri, position: Position) -> Vec<CallHierarchyItem> {
    let found = calls::prepare(desk, texts.lines(desk.file).offset(position));
    found.into_iter().map(|item| shown(item, texts, uri)).collect()
}

/// The document that an item was asked for in.
pub fn home(item: &CallHierarchyItem) -> Option<Uri> {
    resolvable(item).map(|resolvable| resolvable.home)
}

pub fn incoming(
    desk: &Desk<'_>,
    texts: &Texts<'_>,
    item: &CallHierarchyItem,
) -> Vec<CallHierarchyIncomingCall> {
    let found = calls_of(desk, texts, item, Way::Incoming).into_iter();
    found.map(|(from, from_ranges)| CallHierarchyIncomingCall { from, from_ranges }).collect()
}

pub fn outgoing(
    desk: &Desk<'_>,
    texts: &Texts<'_>,
    item: &CallHierarchyItem,
) -> Vec<CallHierarchyOutgoingCall> {
    let found = calls_of(desk, texts, item, Way::Outgoing).into_iter();
    found.map(|(to, from_ranges)| CallHierarchyOutgoingCall { to, from_ranges }).collect()
}

/// Each with the sentences that open it: an item stands where the first of them does, so that its ranges are of its file.
fn calls_of(
    desk: &Desk<'_>,
    texts: &Texts<'_>,
    item: &CallHierarchyItem,
    way: Way,
) -> Vec<(CallHierarchyItem, Vec<Range>)> {
    let Some(Resolvable { home, key }) = resolvable(item) else { return Vec::new() };
    let found = calls::calls(desk, &key, way).unwrap_or_default().into_iter().map(|call| {
        let mut other = shown(call.item, texts, &home);
        other.detail = Some(match other.detail {
            Some(detail) if !detail.is_empty() => format!("{} · {detail}", call.ports),
            _ => call.ports,
        });
        let Some(first) = call.places.first() else { return (other, Vec::new()) };
        if let Some(location) = texts.location(*first) {
            other.uri = location.uri;
            other.range = location.range;
            other.selection_range = location.range;
        }
        let same_file = call.places.iter().filter(|place| place.file == first.file);
        let ranges = same_file.map(|place| texts.range(*place)).collect();
        (other, ranges)
    });
    found.collect()
}

fn resolvable(item: &CallHierarchyItem) -> Option<Resolvable> {
    serde_json::from_value(item.data.clone()?).ok()
}

/// It stands where it was asked for, or else in its manifest.
fn shown(item: calls::Item, texts: &Texts<'_>, home: &Uri) -> CallHierarchyItem {
    let in_manifest = || {
        let (file, line) = item.origin.as_ref()?;
        let at = Position::new(line.saturating_sub(1), 0);
        Some((Uri::from_file_path(Path::new(file))?, Range::new(at, at)))
    };
    let in_text = item.place.and_then(|place| texts.location(place)).map(|found| (found.uri, found.range));
    let (uri, range) = in_text.or_else(in_manifest).unwrap_or((home.clone(), Range::default()));
    let data = Resolvable { home: home.clone(), key: item.key };
    CallHierarchyItem {
        name: item.name,
        kind: SymbolKind::CLASS,
        tags: None,
        detail: (!item.detail.is_empty()).then_some(item.detail),
        uri,
        range,
        selection_range: range,
        data: serde_json::to_value(data).ok(),
    }
}
