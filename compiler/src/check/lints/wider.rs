//! Whether one sentence's flows are all among another's, by what they say and not by who is there today; and where to
//! look for such another one without comparing all with all.

use rustc_hash::FxHashMap;
use weir_cluster::labels::Text;

use crate::resolve::program::{Ends, Parts, Port, Ports, Posture, Reach, SentenceId};
use crate::selector::{Conjunction, Constraint, Key, PodSet};

/// A set's smallest parts, each of which has to lie within another set.
#[derive(Clone, Copy)]
pub enum Atom<'p> {
    Pods(&'p Conjunction),
    Other(&'p Ends),
}

pub fn atoms<'p>(ends: impl IntoIterator<Item = &'p Ends>) -> impl Iterator<Item = Atom<'p>> {
    ends.into_iter().flat_map(|ends| {
        let pods = ends.pods().map(PodSet::terms).unwrap_or_default();
        let other = ends.pods().is_none().then_some(Atom::Other(ends));
        pods.iter().map(Atom::Pods).chain(other)
    })
}

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
    fn of_wide(atom: Atom<'p>) -> Vec<Anchor<'p>> {
        match atom {
            Atom::Other(ends) => vec![Anchor::other(ends)],
            Atom::Pods(term) => {
                let label = labels(term).next();
                match term.namespaces.names() {
                    None => vec![Anchor::Pods(None, label)],
                    Some(names) => names.map(|name| Anchor::Pods(Some(name), label)).collect(),
                }
            }
        }
    }

    /// Under which those are filed that a part may lie within.
    fn of_narrow(atom: Atom<'p>) -> Vec<Anchor<'p>> {
        let mut anchors = vec![Anchor::Anywhere];
        match atom {
            Atom::Other(ends) => anchors.push(Anchor::other(ends)),
            Atom::Pods(term) => {
                let name = term.namespaces.names().and_then(|mut names| names.next());
                for name in [name, None].into_iter().skip(usize::from(name.is_none())) {
                    anchors.push(Anchor::Pods(name, None));
                    anchors.extend(labels(term).map(|label| Anchor::Pods(name, Some(label))));
                }
            }
        }
        anchors
    }
}

fn labels(term: &Conjunction) -> impl Iterator<Item = (&Key, &Text)> {
    term.pods.iter().filter_map(|(key, constraint)| Some((key, constraint.only()?)))
}

/// Sentences by what their ends say.
#[derive(Default)]
pub struct Index<'p> {
    anchors: FxHashMap<Anchor<'p>, u32>,
    lists: FxHashMap<(u32, u32), Vec<SentenceId>>,
}

/// Of sentences that are filed by one end alone.
const ANY: u32 = 0;

impl<'p> Index<'p> {
    /// Files a sentence by its ends; by `to` alone where there are no others, or too many.
    pub fn file(&mut self, item: SentenceId, to: &[Atom<'p>], from: &[Atom<'p>]) {
        const MOST_PAIRS: usize = 64;
        let to = self.anchors_of(to);
        let from = match to.len() * from.len() <= MOST_PAIRS && !from.is_empty() {
            true => self.anchors_of(from),
            false => vec![ANY],
        };
        for to in &to {
            for from in &from {
                let list = self.lists.entry((*to, *from)).or_default();
                if list.last() != Some(&item) {
                    list.push(item);
                }
            }
        }
    }

    fn anchors_of(&mut self, atoms: &[Atom<'p>]) -> Vec<u32> {
        let anchors = atoms.iter().flat_map(|atom| Anchor::of_wide(*atom));
        let mut found: Vec<u32> = anchors
            .map(|anchor| {
                let next = self.anchors.len() as u32 + 1;
                *self.anchors.entry(anchor).or_insert(next)
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The first sentence that fits, of those that these parts may lie within: as many as it is worth to look at.
    pub fn find(
        &self,
        to: Atom<'p>,
        from: Option<Atom<'p>>,
        fits: impl Fn(SentenceId) -> bool,
    ) -> Option<SentenceId> {
        const MOST: usize = 128;
        let known = |atom| {
            let anchors = Anchor::of_narrow(atom).into_iter();
            anchors.filter_map(|anchor| self.anchors.get(&anchor).copied()).collect::<Vec<u32>>()
        };
        let mut sources = from.map(known).unwrap_or_default();
        sources.push(ANY);
        let mut left = MOST;
        for to in known(to) {
            for from in &sources {
                let Some(list) = self.lists.get(&(to, *from)) else { continue };
                let near = &list[..list.len().min(left)];
                if let Some(found) = near.iter().find(|item| fits(**item)) {
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
    set.terms().iter().any(|wide| term.implies(wide))
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
