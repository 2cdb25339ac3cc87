//! Who may reach whom, as a call hierarchy: who may reach a workload calls it.

use weir_cluster::inventory::Origin;

use super::peers::{self, Asked, asked_at};
use super::{Desk, Open, Peer, Way};
use crate::facts::Facts;
use crate::resolve::names::{self, Named};
use crate::resolve::program::{Ends, Sentence};
use crate::source::Place;

/// Somebody in the hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub name: String,
    pub detail: String,
    /// By which it is found again, in another text and another inventory.
    pub key: String,
    /// Where it was asked for.
    pub place: Option<Place>,
    /// The manifest that defines it: the file, and the line from 1 where it is known.
    pub origin: Option<(String, u32)>,
}

/// Somebody at the other end of flows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub item: Item,
    pub ports: String,
    /// The sentences that open them.
    pub places: Vec<Place>,
}

/// So many workloads of a set are told one by one.
const MOST: usize = 64;
/// What closes nothing lets everyone in.
const EVERYONE: &str = "everyone";

/// The workloads, or other ends, behind the set at an offset.
pub fn prepare(desk: &Desk<'_>, offset: u32) -> Vec<Item> {
    let Some(asked) = asked_at(desk, offset) else { return Vec::new() };
    let place = Some(desk.place(asked.span));
    let workloads = asked.workloads(desk.facts());
    let of_workload = workloads.into_iter().take(MOST).map(Peer::Workload);
    let all = of_workload.chain(asked.others.iter().cloned().map(Peer::Other));
    all.map(|peer| Item { place, ..item(&peer, desk.facts()) }).collect()
}

/// Who is at the other end of the flows of somebody who was found before. `None` where that is nobody any more, or where
/// nothing is known yet.
pub fn calls(desk: &Desk<'_>, key: &str, way: Way) -> Option<Vec<Call>> {
    let facts = desk.facts();
    let asked = find(key, desk)?;
    let found = asked.peers(desk, way)?;
    let mut calls: Vec<Call> = found
        .peers
        .iter()
        .map(|(peer, open)| Call {
            item: item(peer, facts),
            ports: peers::ports_spoken(open),
            places: places(open),
        })
        .collect();
    if found.unguarded {
        let detail = match way {
            Way::Incoming => "no posture closes it: whoever is open on his side may reach it",
            Way::Outgoing => "no posture closes it: it may reach whoever is open on his side",
        };
        let item = Item {
            name: EVERYONE.to_owned(),
            detail: detail.to_owned(),
            key: EVERYONE.to_owned(),
            place: None,
            origin: None,
        };
        calls.push(Call { item, ports: "every port".to_owned(), places: Vec::new() });
    }
    Some(calls)
}

/// Where it is said: the sentences themselves, or where their policies are applied.
pub(super) fn places(open: &[Open]) -> Vec<Place> {
    let of = |sentence: &Sentence| sentence.origin.applied.last().copied().unwrap_or(sentence.place);
    let mut places: Vec<Place> = open.iter().map(|open| of(&open.sentence)).collect();
    places.sort_unstable();
    places.dedup();
    places
}

fn item(peer: &Peer, facts: &Facts<'_>) -> Item {
    let name = peers::spoken(peer, facts);
    let (detail, key, origin) = match peer {
        Peer::Workload(id) => {
            let inventory = facts.inventory;
            let workload = &inventory.workloads[id.index()];
            let pods: u32 = workload.classes.iter().map(|class| inventory.classes[class.index()].pods).sum();
            let kind = format!("{:?}", workload.kind);
            let detail = if pods == 0 { kind } else { format!("{kind}, {pods} pods") };
            let Origin { file, line, .. } = &workload.origin;
            let key = names::spelled(inventory, Named::Workload(*id), true);
            (detail, key, Some((file.to_string(), *line)))
        }
        Peer::Other(ends) => (ends.kind().to_owned(), name.clone(), None),
    };
    Item { name, detail, key, place: None, origin }
}

/// Whom a key means.
fn find(key: &str, desk: &Desk<'_>) -> Option<Asked> {
    let facts = desk.facts();
    let inventory = facts.inventory;
    let span = weir_grammar::Span::default();
    if let Some(name) = key.rsplit('/').next() {
        let name = name.trim_matches('"');
        let spelled =
            |id: &weir_cluster::inventory::WorkloadId| names::spelled(inventory, Named::Workload(*id), true);
        if let Some(id) = inventory.workloads_named(name).iter().find(|id| spelled(id) == key) {
            let classes = inventory.workloads[id.index()].classes.iter().map(|class| class.0).collect();
            return Some(Asked { span, classes, others: Vec::new() });
        }
    }
    let other: Ends = desk.peers()?.others().find(|ends| peers::ends_spoken(ends) == key)?.clone();
    Some(Asked { span, classes: roaring::RoaringBitmap::new(), others: vec![other] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    const PROGRAM: &str =
        "db locked;\nweb may reach d$0b:5432;\nweb may reach internet on 443;\nweb locked for egress;\n";

    #[test]
    fn callers_are_who_may_reach_it() {
        let fixture = fixture(PROGRAM);
        let desk = fixture.desk();
        let items = prepare(&desk, fixture.offset);
        let [db] = items.as_slice() else { panic!("{items:?}") };
        assert_eq!((db.name.as_str(), db.key.as_str()), ("data/db", "workload data/db"));
        assert_eq!(db.origin.as_ref().map(|(file, _)| file.as_str()), Some("cluster.yaml"));
        let callers = calls(&desk, &db.key, Way::Incoming).unwrap();
        let [web] = callers.as_slice() else { panic!("{callers:?}") };
        assert_eq!(
            (web.item.name.as_str(), web.ports.as_str(), web.places.len()),
            ("shop/web", "5432/tcp", 1)
        );
        let reached = calls(&desk, &web.item.key, Way::Outgoing).unwrap();
        let names: Vec<&str> = reached.iter().map(|call| call.item.name.as_str()).collect();
        assert_eq!(names, ["data/db", "kube-system/coredns", "internet"]);
        let back = calls(&desk, "internet", Way::Incoming).unwrap();
        assert_eq!(back[0].item.name, "shop/web");
    }

    #[test]
    fn who_is_not_closed_is_reached_by_everyone() {
        let fixture = fixture("we$0b may reach db;");
        let desk = fixture.desk();
        let items = prepare(&desk, fixture.offset);
        let callers = calls(&desk, &items[0].key, Way::Incoming).unwrap();
        assert_eq!(callers[0].item.name, EVERYONE);
        assert_eq!(calls(&desk, EVERYONE, Way::Incoming), None);
    }
}
