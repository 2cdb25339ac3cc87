//! What somebody asks about who is at the other end of its flows: the pods, and what is no pod, that a word, a set or a
//! statement of the file stands for today.

use std::sync::Arc;

use roaring::RoaringBitmap as Bits;
use weir_grammar::Span;
use weir_grammar::ast::{
    Builtin, LetValue, Operand, Sentence as Tree, SentenceKind as Kind, Set, SetOp, Statement, Subject,
};
use weir_grammar::format;

use super::symbol::Symbol;
use super::{Desk, Found, Peers, Way};
use crate::address::AddressSet;
use crate::diagnostic::shortened;
use crate::facts::Facts;
use crate::relate::joined;
use crate::resolve::names::{self, Named};
use crate::resolve::program::{Ends, Sentence, SentenceKind};
use crate::selector::PodSet;

pub(super) struct Near {
    /// As a sentence would name it.
    pub name: String,
    pub classes: Bits,
    /// What of it is no pod.
    pub others: Vec<Ends>,
}

impl Near {
    pub fn of<'e>(name: impl Into<String>, ends: impl Iterator<Item = &'e Ends>, facts: &Facts<'_>) -> Near {
        let mut near = Near { name: name.into(), classes: Bits::new(), others: Vec::new() };
        for ends in ends {
            match ends.pods() {
                Some(pods) => near.classes |= &*facts.ground(pods),
                None => near.others.push(ends.clone()),
            }
        }
        near.others.sort_unstable();
        near.others.dedup();
        near
    }

    pub fn of_symbol(desk: &Desk<'_>, symbol: &Symbol) -> Option<Near> {
        let facts = desk.facts();
        match symbol {
            Symbol::Let(place) => {
                let home = desk.beside(place.file);
                let tree = lets(home.statements()).find(|tree| tree.name.span == place.span)?;
                let LetValue::Set(set) = &tree.value else { return None };
                Some(Near::of(format::quoted(&tree.name.text), value(&home, set)?.iter(), facts))
            }
            Symbol::Thing(named) => Near::of_thing(*named, facts),
            Symbol::Namespace(id) => {
                let namespace = facts.inventory.namespaces.get(id.index())?;
                let pods = Ends::Pods(PodSet::namespace(&namespace.name));
                let name = names::spelled(facts.inventory, Named::Namespace(*id), false);
                Some(Near::of(name, [pods].iter(), facts))
            }
            Symbol::Builtin(builtin) => Near::of_builtin(*builtin, facts),
            _ => None,
        }
    }

    pub fn of_thing(named: Named, facts: &Facts<'_>) -> Option<Near> {
        let inventory = facts.inventory;
        let name = names::spelled(inventory, named, false);
        match named {
            Named::Workload(id) | Named::Both(id, _) => {
                let own = inventory.workloads.get(id.index())?.classes.iter().map(|class| class.0);
                let classes = own.collect::<Bits>() - &facts.host_network;
                Some(Near { name, classes, others: Vec::new() })
            }
            Named::Service(id) => {
                let ends = match names::service_pods(inventory, id) {
                    Some(pods) => Ends::Pods(pods),
                    None => {
                        let endpoints = &inventory.services.get(id.index())?.endpoints;
                        Ends::Exactly(endpoints.iter().map(|endpoint| endpoint.address).collect())
                    }
                };
                Some(Near::of(name, [ends].iter(), facts))
            }
            Named::Namespace(id) => Near::of_symbol_namespace(id, facts),
        }
    }

    fn of_symbol_namespace(id: weir_cluster::inventory::NamespaceId, facts: &Facts<'_>) -> Option<Near> {
        let namespace = facts.inventory.namespaces.get(id.index())?;
        let pods = Ends::Pods(PodSet::namespace(&namespace.name));
        let name = names::spelled(facts.inventory, Named::Namespace(id), false);
        Some(Near::of(name, [pods].iter(), facts))
    }

    pub fn of_builtin(builtin: Builtin, facts: &Facts<'_>) -> Option<Near> {
        let ends = match builtin {
            Builtin::Anyone => vec![Ends::Pods(PodSet::all())],
            Builtin::Pods => return None, // whose they are depends on where it stands
            Builtin::Nodes => vec![Ends::Nodes],
            Builtin::ApiServer => vec![Ends::ApiServer],
            Builtin::Dns => {
                let dns = &facts.dns;
                let caches = (!dns.caches.is_empty()).then(|| Ends::Exactly(dns.caches.clone()));
                std::iter::once(Ends::Pods(dns.pods.clone())).chain(caches).collect()
            }
            Builtin::Internet => vec![Ends::Outside(AddressSet::internet())],
            Builtin::Anywhere => vec![Ends::Anywhere],
        };
        Some(Near::of(builtin.word(), ends.iter(), facts))
    }

    /// What a posture is about, what a grant or guardrail reaches, what a `let` names.
    pub fn of_statement(desk: &Desk<'_>, statement: &Statement) -> Option<Near> {
        let facts = desk.facts();
        match statement {
            Statement::Let(tree) => {
                let LetValue::Set(set) = &tree.value else { return None };
                Some(Near::of(format::quoted(&tree.name.text), value(desk, set)?.iter(), facts))
            }
            Statement::Sentence(Tree { span, kind, .. }) => {
                let name = match kind {
                    Kind::Posture(posture) => match &posture.subject {
                        Subject::Set(set) => format::set(set),
                        Subject::EachNamespace(_) => "anyone".to_owned(),
                    },
                    Kind::Reach(reach) => without_ports(&reach.object),
                };
                let mut ends = Vec::new();
                let mut is_known = false;
                for sentence in sentences_at(desk, *span) {
                    is_known = true;
                    match &sentence.kind {
                        SentenceKind::Posture(posture) => ends.push(Ends::Pods(posture.subject.clone())),
                        kind => {
                            let objects = kind.reach().into_iter().flat_map(|reach| &reach.object);
                            ends.extend(objects.map(|(part, _)| part.ends.clone()));
                        }
                    }
                }
                is_known.then(|| Near::of(shortened(&name), ends.iter(), facts))
            }
            _ => None,
        }
    }

    /// Who is at the other end.
    pub fn found(&self, peers: &Peers, way: Way, facts: &Facts<'_>) -> Found {
        let mut found = match self.classes.is_empty() {
            true => Found::default(),
            false => peers.of_classes(&self.classes, way, facts),
        };
        for ends in &self.others {
            let more = peers.of_ends(ends, way, facts);
            found.unguarded |= more.unguarded;
            for (peer, open) in more.peers {
                found.peers.entry(peer).or_default().extend(open);
            }
        }
        found
    }
}

/// A set as it is written, its ports left out.
fn without_ports(set: &Set) -> String {
    let mut bare = set.clone();
    bare.operands.iter_mut().for_each(|operand| operand.port = None);
    format::set(&bare)
}

/// What the file's program has of a sentence: several, where it stands in a policy or in an `in each` block.
pub(super) fn sentences_at<'d>(desk: &'d Desk<'_>, span: Span) -> impl Iterator<Item = &'d Arc<Sentence>> {
    let place = desk.place(span);
    desk.part().program.sentences.iter().filter(move |sentence| sentence.place == place)
}

/// The innermost statement that an offset is in, or just behind.
pub(super) fn statement_at(statements: &[Statement], offset: u32) -> Option<&Statement> {
    let inside = |statement: &&Statement| {
        let span = statement.span();
        span.start <= offset && offset < span.end
    };
    let behind = |statement: &&Statement| statement.span().end == offset;
    let found = statements.iter().find(inside).or_else(|| statements.iter().find(behind))?;
    Some(statement_at(found.body(), offset).unwrap_or(found))
}

/// Every `let` of a file.
pub(super) fn lets(statements: &[Statement]) -> Box<dyn Iterator<Item = &weir_grammar::ast::Let> + '_> {
    Box::new(statements.iter().flat_map(|statement| {
        let own = match statement {
            Statement::Let(tree) => Some(tree),
            _ => None,
        };
        own.into_iter().chain(lets(statement.body()))
    }))
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
