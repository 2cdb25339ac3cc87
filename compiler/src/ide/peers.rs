//! Who is behind a word, and who is at the other end of their flows, in words: what call hierarchies, lenses and pages of
//! reachability have in common.

use std::collections::BTreeSet;

use roaring::RoaringBitmap as Bits;
use weir_cluster::inventory::WorkloadId;
use weir_grammar::Span;
use weir_grammar::ast::{LetValue, Operand, Set, SetOp};

use super::words::word_at;
use super::{Desk, Found, Open, Peer, Way};
use crate::address::AddressSet;
use crate::diagnostic::cut;
use crate::facts::Facts;
use crate::relate::joined;
use crate::relation::Narrowing;
use crate::resolve::names::{self, Named};
use crate::resolve::program::{Ends, Part, Port, Ports};
use crate::selector::PodSet;

/// The set that is written around an offset: its span and what it denotes today.
pub struct Asked {
    pub span: Span,
    pub classes: Bits,
    /// Ends that are no pods.
    pub others: Vec<Ends>,
}

impl Asked {
    pub fn of_parts(span: Span, parts: &[Part], facts: &Facts<'_>) -> Asked {
        Asked::of_ends(span, parts.iter().map(|part| &part.ends), facts)
    }

    pub fn of_ends<'e>(span: Span, ends: impl Iterator<Item = &'e Ends>, facts: &Facts<'_>) -> Asked {
        let mut asked = Asked { span, classes: Bits::new(), others: Vec::new() };
        for ends in ends {
            match ends {
                Ends::Pods(pods) => asked.classes |= &*facts.ground(pods),
                other if !asked.others.contains(other) => asked.others.push(other.clone()),
                _ => {}
            }
        }
        asked
    }

    pub fn workloads(&self, facts: &Facts<'_>) -> BTreeSet<WorkloadId> {
        self.classes.iter().map(|class| facts.inventory.classes[class as usize].workload).collect()
    }

    /// Who is at the other end of their flows.
    pub fn peers(&self, desk: &Desk<'_>, way: Way) -> Option<Found> {
        let peers = desk.peers()?;
        let mut found = match self.classes.is_empty() {
            true => Found::default(),
            false => peers.of_classes(&self.classes, way, desk.facts()),
        };
        for other in &self.others {
            for (peer, open) in peers.of_other(other, way, desk.facts()).peers {
                found.peers.entry(peer).or_default().extend(open);
            }
        }
        Some(found)
    }
}

/// The set that an offset is in: that of an operand, or of a `let` where it is defined.
pub fn asked_at(desk: &Desk<'_>, offset: u32) -> Option<Asked> {
    let facts = desk.facts();
    let inside = |span: &Span| span.start <= offset && offset <= span.end;
    let sets = &desk.readings().sets;
    let own = sets.iter().filter(|(span, _)| inside(span));
    if let Some((span, parts)) = own.min_by_key(|(span, _)| span.end - span.start) {
        return Some(Asked::of_parts(*span, parts, facts));
    }
    let word = word_at(&desk.source().parse.file, offset)?;
    let super::words::Role::LetDefinition(tree) = word.role else { return None };
    let LetValue::Set(set) = &tree.value else { return None };
    Some(Asked::of_ends(tree.name.span, value(desk, set)?.iter(), facts))
}

/// What a set comes to, by what its operands were read as.
pub(super) fn value(desk: &Desk<'_>, set: &Set) -> Option<Vec<Ends>> {
    let read = |operand: &Operand| -> Option<Vec<Ends>> {
        let parts = desk.readings().set(operand.span)?;
        Some(parts.iter().map(|part| part.ends.clone()).collect())
    };
    match (set.op, set.operands.as_slice()) {
        (SetOp::Mixed, _) => None,
        (SetOp::Except, [left, right]) => {
            both(read(left)?, read(right)?, |a, b| a.minus(b).ok(), AddressSet::minus)
        }
        (SetOp::In, [left, right]) => both(read(left)?, read(right)?, |a, b| a.and(b).ok(), AddressSet::and),
        (_, operands) => {
            let mut all = Vec::new();
            for operand in operands {
                all.extend(read(operand)?);
            }
            Some(joined(all.iter()))
        }
    }
}

fn both(
    left: Vec<Ends>,
    right: Vec<Ends>,
    pods: impl Fn(&PodSet, &PodSet) -> Option<PodSet>,
    addresses: impl Fn(&AddressSet, &AddressSet) -> AddressSet,
) -> Option<Vec<Ends>> {
    let other_pods = PodSet::union(right.iter().filter_map(|ends| ends.pods().cloned()));
    let other_addresses = right.iter().fold(AddressSet::default(), |all, ends| match ends {
        Ends::Outside(some) | Ends::Exactly(some) => all.union(some),
        _ => all,
    });
    let mut found = Vec::new();
    for ends in joined(left.iter()) {
        found.push(match ends {
            Ends::Pods(own) => Ends::Pods(pods(&own, &other_pods)?),
            Ends::Outside(own) => Ends::Outside(addresses(&own, &other_addresses)),
            Ends::Exactly(own) => Ends::Exactly(addresses(&own, &other_addresses)),
            Ends::Anywhere => return None,
            other => other,
        });
    }
    Some(found)
}

/// A peer as a sentence would name it.
pub fn spoken(peer: &Peer, facts: &Facts<'_>) -> String {
    match peer {
        Peer::Workload(id) => names::spelled(facts.inventory, Named::Workload(*id), false),
        Peer::Other(ends) => ends_spoken(ends),
    }
}

pub fn ends_spoken(ends: &Ends) -> String {
    const MOST: usize = 4;
    match ends {
        Ends::Pods(_) => "pods".to_owned(),
        Ends::Outside(set) if set.is_whole_internet() => "internet".to_owned(),
        Ends::Outside(set) | Ends::Exactly(set) => {
            let networks = set.networks();
            let mut words: Vec<String> =
                networks.iter().take(MOST).map(|network| network.to_string()).collect();
            if networks.len() > MOST {
                words.push(format!("and {} more", networks.len() - MOST));
            }
            words.join(", ")
        }
        Ends::Nodes => "nodes".to_owned(),
        Ends::ApiServer => "apiserver".to_owned(),
        Ends::Host(host) => host.clone(),
        Ends::Anywhere => "anywhere".to_owned(),
    }
}

/// What flows on, of everything that is open: `5432/tcp`, `every port`.
pub fn ports_spoken(open: &[Open]) -> String {
    let mut words: Vec<String> =
        open.iter().flat_map(|one| opened_words(&one.ports, one.narrowed.as_ref())).collect();
    let mut seen = BTreeSet::new();
    words.retain(|word| seen.insert(word.clone()));
    words.join(", ")
}

/// The same of one grant.
pub(super) fn opened(ports: &Ports, narrowed: Option<&Narrowing>) -> String {
    opened_words(ports, narrowed).join(", ")
}

fn opened_words(ports: &Ports, narrowed: Option<&Narrowing>) -> Vec<String> {
    let ports = match ports {
        Ports::All => vec!["every port".to_owned()],
        Ports::These(ports) => ports.iter().map(port_spoken).collect(),
    };
    match narrowed {
        None => ports,
        Some(Narrowing::Ping) => vec!["ping".to_owned()],
        Some(Narrowing::Http(requests)) => {
            let requests: Vec<String> =
                requests.iter().map(|(method, path)| format!("{method} {path}")).collect();
            vec![format!("{} over http {}", ports.join(", "), cut(&requests.join(", "), 60))]
        }
    }
}

pub(super) fn port_spoken(port: &Port) -> String {
    let word = |protocol: &weir_cluster::inventory::Protocol| format!("{protocol:?}").to_lowercase();
    match port {
        Port::Range { protocol, first, last } if first == last => format!("{first}/{}", word(protocol)),
        Port::Range { protocol, first, last } => format!("{first}-{last}/{}", word(protocol)),
        Port::Named { protocol, name } => format!("{name}/{}", word(protocol)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    /// Everyone at the other end of the flows of the set at the cursor, with the ports.
    fn peers(text: &str, way: Way) -> Vec<String> {
        let fixture = fixture(text);
        let desk = fixture.desk();
        let asked = asked_at(&desk, fixture.offset).unwrap();
        let found = asked.peers(&desk, way).unwrap();
        let mut words: Vec<String> = found
            .peers
            .iter()
            .map(|(peer, open)| format!("{} {}", spoken(peer, desk.facts()), ports_spoken(open)))
            .collect();
        if found.unguarded {
            words.push("unguarded".to_owned());
        }
        words
    }

    const PROGRAM: &str =
        "in namespace shop { pods isolated; }\ndb locked;\nshop/web may reach shop/api:http, db:5432;\n";

    #[test]
    fn of_a_let_what_is_excepted_does_not_count() {
        let fixture = fixture("let bac$0k = namespace shop except web;\nback locked;");
        let desk = fixture.desk();
        let asked = asked_at(&desk, fixture.offset).unwrap();
        let names: Vec<String> = asked
            .workloads(desk.facts())
            .into_iter()
            .map(|id| spoken(&Peer::Workload(id), desk.facts()))
            .collect();
        assert_eq!(names, ["shop/api"]);
    }

    #[test]
    fn the_other_ends_are_found_both_ways() {
        let at_db = PROGRAM.replace("db locked", "d$0b locked");
        assert_eq!(peers(&at_db, Way::Incoming), ["shop/web 5432/tcp"]);
        let at_api = PROGRAM.replace("shop/api", "shop/a$0pi");
        assert_eq!(peers(&at_api, Way::Incoming), ["shop/api every port", "shop/web every port, 3000/tcp"]);
        let at_web = PROGRAM.replace("shop/web", "shop/we$0b");
        let found = peers(&at_web, Way::Outgoing);
        assert!(found.contains(&"data/db 5432/tcp".to_owned()), "{found:?}");
    }

    #[test]
    fn what_nothing_closes_is_open() {
        assert_eq!(peers("w$0eb may reach db:5432;", Way::Incoming), ["unguarded"]);
    }

    #[test]
    fn ends_that_are_no_pods_are_found_too() {
        assert_eq!(
            peers("web locked;\nweb may reach inter$0net on 443;", Way::Incoming),
            ["shop/web 443/tcp"]
        );
        assert_eq!(
            peers(
                "web loc$0ked;\ninternet may reach web:8080;"
                    .replace("web loc$0ked", "we$0b locked")
                    .as_str(),
                Way::Incoming
            ),
            ["internet 8080/tcp"]
        );
    }
}
