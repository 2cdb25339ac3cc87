//! Whether one sentence's flows are all among another's, by what they say and not by who is there today; and where to
//! look for such another one without comparing all with all.

use std::ops::Range;

use rustc_hash::FxHashMap;
use weir_cluster::labels::Text;

use super::atoms::{Atom, atoms};
use crate::resolve::program::{Ends, Parts, Port, Ports, Posture, Reach, SentenceId};
use crate::selector::{Conjunction, Constraint, Key, PodSet};

/// What a part says that every part within it says too: a name of its namespaces, a label.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Anchor<'p> {
    Pods(Option<&'p Text>, Option<(&'p Key, &'p Text)>),
    Host(&'p str),
    Other(&'static str),
    Anywhere,
}

impl<'p> Anchor<'p> {
    fn other(ends: &'p Ends) -> Anchor<'p> {
        match ends {
            Ends::Anywhere => Anchor::Anywhere,
            Ends::Host(host) => Anchor::Host(host),
            other => Anchor::Other(other.kind()),
        }
    }

    /// Under which a part is filed that others may lie within.
    fn of_wide(atom: Atom<'p>, found: &mut dyn FnMut(Anchor<'p>)) {
        match atom {
            Atom::Other(ends) => found(Anchor::other(ends)),
            Atom::Pods(term) => {
                let label = labels(term).next();
                match term.namespaces.names() {
                    None => found(Anchor::Pods(None, label)),
                    Some(names) => names.for_each(|name| found(Anchor::Pods(Some(name), label))),
                }
            }
        }
    }

    /// Under which those are filed that a part may lie within.
    fn of_narrow(atom: Atom<'p>, found: &mut dyn FnMut(Anchor<'p>)) {
        found(Anchor::Anywhere);
        match atom {
            Atom::Other(ends) => found(Anchor::other(ends)),
            Atom::Pods(term) => {
                let name = term.namespaces.names().and_then(|mut names| names.next());
                for name in [name, None].into_iter().skip(usize::from(name.is_none())) {
                    found(Anchor::Pods(name, None));
                    labels(term).for_each(|label| found(Anchor::Pods(name, Some(label))));
                }
            }
        }
    }
}

fn labels(term: &Conjunction) -> impl Iterator<Item = (&Key, &Text)> {
    term.pods.iter().filter_map(|(key, constraint)| Some((key, constraint.only()?)))
}

/// The anchors of all atoms, by number. Those of narrow parts are in the order in which they are looked at.
pub struct Anchors {
    lists: Vec<u32>,
    /// Of each atom: where its anchors as a wide part begin, as a narrow one, and where they end.
    of: Vec<[usize; 3]>,
    count: usize,
}

impl Anchors {
    pub fn of(atoms: &[Atom<'_>]) -> Anchors {
        let mut numbers: FxHashMap<Anchor<'_>, u32> = FxHashMap::default();
        let mut lists = Vec::new();
        let of = atoms.iter().map(|atom| {
            let mut number = |anchor| {
                let next = numbers.len() as u32 + 1;
                *numbers.entry(anchor).or_insert(next)
            };
            let wide = lists.len();
            Anchor::of_wide(*atom, &mut |anchor| lists.push(number(anchor)));
            let narrow = lists.len();
            Anchor::of_narrow(*atom, &mut |anchor| lists.push(number(anchor)));
            [wide, narrow, lists.len()]
        });
        let of = of.collect();
        Anchors { lists, of, count: numbers.len() + 1 }
    }

    fn wide(&self, atom: u32) -> &[u32] {
        let [wide, narrow, _] = self.of[atom as usize];
        &self.lists[wide..narrow]
    }

    fn narrow(&self, atom: u32) -> &[u32] {
        let [_, narrow, end] = self.of[atom as usize];
        &self.lists[narrow..end]
    }
}

/// Of sentences that are filed by one end alone.
const ANY: u32 = 0;

/// Sentences by what their ends say.
pub struct Index<'i> {
    anchors: &'i Anchors,
    /// By two anchors, sorted, each once.
    filed: Vec<((u32, u32), SentenceId)>,
    lists: FxHashMap<(u32, u32), Range<u32>>,
    /// Whether anything is filed by an anchor as its first, or its second.
    is_used: Vec<(bool, bool)>,
    scratch: (Vec<u32>, Vec<u32>),
}

impl<'i> Index<'i> {
    pub fn new(anchors: &'i Anchors) -> Index<'i> {
        Index {
            anchors,
            filed: Vec::new(),
            lists: FxHashMap::default(),
            is_used: vec![(false, false); anchors.count],
            scratch: Default::default(),
        }
    }

    /// Files a sentence by the atoms of its ends; by `to` alone where there are no others, or too many.
    pub fn file(&mut self, item: SentenceId, to: impl Iterator<Item = u32>, from: &[u32]) {
        const MOST_PAIRS: usize = 64;
        let (by_to, by_from) = &mut self.scratch;
        let gather = |found: &mut Vec<u32>, atoms: &mut dyn Iterator<Item = u32>| {
            found.clear();
            atoms.for_each(|atom| found.extend_from_slice(self.anchors.wide(atom)));
            found.sort_unstable();
            found.dedup();
        };
        gather(by_to, &mut to.into_iter());
        match by_to.len() * from.len() <= MOST_PAIRS && !from.is_empty() {
            true => gather(by_from, &mut from.iter().copied()),
            false => {
                by_from.clear();
                by_from.push(ANY);
            }
        }
        for to in by_to.iter() {
            for from in by_from.iter() {
                self.filed.push(((*to, *from), item));
                self.is_used[*to as usize].0 = true;
                self.is_used[*from as usize].1 = true;
            }
        }
    }

    /// Once all are filed.
    pub fn sorted(mut self) -> Index<'i> {
        self.filed.sort_unstable();
        self.filed.dedup();
        self.lists.reserve(self.filed.len());
        let mut start = 0;
        for list in self.filed.chunk_by(|(a, _), (b, _)| a == b) {
            let end = start + list.len() as u32;
            self.lists.insert(list[0].0, start..end);
            start = end;
        }
        self
    }

    /// The first sentence that fits, of those that these parts may lie within: as many as it is worth to look at.
    pub fn find(&self, to: u32, from: Option<u32>, fits: impl Fn(SentenceId) -> bool) -> Option<SentenceId> {
        const MOST: usize = 128;
        let mut left = MOST;
        let sources = from.map(|from| self.anchors.narrow(from)).unwrap_or_default();
        for to in self.anchors.narrow(to).iter().filter(|to| self.is_used[**to as usize].0) {
            for from in sources.iter().chain([&ANY]).filter(|from| self.is_used[**from as usize].1) {
                let Some(list) = self.lists.get(&(*to, *from)) else { continue };
                let list = &self.filed[list.start as usize..list.end as usize];
                let near = &list[..list.len().min(left)];
                if let Some((_, found)) = near.iter().find(|(_, item)| fits(*item)) {
                    return Some(*found);
                }
                left -= near.len();
            }
        }
        None
    }
}

/// Whether every flow of `narrow` is one of `wide`.
pub fn holds(wide: &Reach, narrow: &Reach) -> bool {
    let sources = || wide.subject.iter().map(|part| &part.ends);
    let from = || atoms(narrow.subject.iter().map(|part| &part.ends));
    from().all(|atom| sources().any(|ends| is_within(atom, ends)))
        && narrow.object.iter().all(|(part, ports)| {
            atoms([&part.ends]).all(|atom| {
                let around = wide.object.iter().filter(|(part, _)| is_within(atom, &part.ends));
                are_within(ports, &around.map(|(_, ports)| ports).collect::<Vec<_>>())
            })
        })
}

/// Whether every flow of `narrow` is one that an isolation leaves open among its members.
pub fn holds_inside(wide: &Posture, narrow: &Reach) -> bool {
    let ends = || narrow.parts().map(|part| &part.ends);
    let inside = |atom: Atom<'_>| matches!(atom, Atom::Pods(term) if among(term, &wide.subject));
    let terms = || {
        atoms(ends()).filter_map(|atom| match atom {
            Atom::Pods(term) => Some(term),
            Atom::Other(_) => None,
        })
    };
    atoms(ends()).all(inside) && (wide.parts == Parts::Whole || is_one_namespace(terms()))
}

/// Whether a posture guards nobody that the other does not guard as well, and leaves open what the other does.
pub fn guards(wide: &Posture, narrow: &Posture) -> bool {
    use weir_grammar::ast::PostureWord::{Isolated, Locked};
    let same_group = match (&wide.parts, &narrow.parts) {
        (Parts::Whole, _) | (_, Parts::Namespaces) => true,
        (Parts::Label(wide), Parts::Label(narrow)) => wide == narrow,
        (_, Parts::Whole) => is_one_namespace(narrow.subject.terms().iter()),
        (Parts::Namespaces, Parts::Label(_)) => false,
    };
    wide.word == narrow.word
        && (wide.word == Locked || (wide.word == Isolated && same_group))
        && (wide.ingress || !narrow.ingress)
        && (wide.egress || !narrow.egress)
        && (wide.planned || !narrow.planned)
        && narrow.subject.terms().iter().all(|term| among(term, &wide.subject))
}

fn is_one_namespace<'p>(terms: impl Iterator<Item = &'p Conjunction>) -> bool {
    let mut names: Vec<Option<&Text>> =
        terms.map(|term| term.namespaces.get(&Key::namespace_name()).and_then(Constraint::only)).collect();
    names.dedup();
    matches!(names.as_slice(), [Some(_)])
}

fn among(term: &Conjunction, set: &PodSet) -> bool {
    set.terms().iter().any(|wide| std::ptr::eq(term, wide) || term.implies(wide))
}

fn is_within(atom: Atom<'_>, wide: &Ends) -> bool {
    match (atom, wide) {
        (_, Ends::Anywhere) => true,
        (Atom::Pods(term), Ends::Pods(set)) => among(term, set),
        (Atom::Other(Ends::Outside(narrow)), Ends::Outside(wide))
        | (Atom::Other(Ends::Exactly(narrow)), Ends::Exactly(wide)) => narrow.minus(wide).is_empty(),
        (Atom::Other(narrow), wide) => narrow == wide,
        (Atom::Pods(_), _) => false,
    }
}

fn are_within(ports: &Ports, wide: &[&Ports]) -> bool {
    let Ports::These(ports) = ports else { return wide.contains(&&Ports::All) };
    let some = || {
        wide.iter().filter_map(|ports| match ports {
            Ports::These(ports) => Some(ports.iter()),
            Ports::All => None,
        })
    };
    wide.contains(&&Ports::All)
        || ports.iter().all(|port| match port {
            Port::Named { .. } => some().flatten().any(|wide| wide == port),
            Port::Range { protocol, first, last } => {
                let mut ranges: Vec<(u16, u16)> = some()
                    .flatten()
                    .filter_map(|wide| match wide {
                        Port::Range { protocol: own, first, last } if own == protocol => {
                            Some((*first, *last))
                        }
                        _ => None,
                    })
                    .collect();
                ranges.sort_unstable();
                let mut next = u32::from(*first);
                for (first, end) in ranges {
                    if u32::from(first) <= next {
                        next = next.max(u32::from(end) + 1);
                    }
                }
                next > u32::from(*last)
            }
        })
}
