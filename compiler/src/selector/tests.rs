//! The algebra of sets of pods, held against membership on every pod of a small world.

use std::collections::BTreeSet;

use weir_cluster::flow::PodPoint;
use weir_cluster::labels::{Labels, Text};

use super::*;

const VALUES: [&str; 3] = ["x", "y", "z"];

/// Every pod with labels `a` and `b` absent or one of three values, in namespaces `n1` to `n3` whose label `t` varies.
fn world() -> Vec<PodPoint> {
    let mut pods = Vec::new();
    let choices = [None, Some("x"), Some("y"), Some("z")];
    for (namespace, team) in [("n1", None), ("n2", Some("x")), ("n3", Some("y"))] {
        for a in choices {
            for b in choices {
                let labels = |pairs: &[(&str, Option<&str>)]| -> Labels {
                    let some = pairs.iter().filter_map(|(key, value)| Some((*key, (*value)?)));
                    some.map(|(key, value)| (Text::from(key), Text::from(value))).collect()
                };
                pods.push(PodPoint {
                    class: None,
                    namespace: namespace.into(),
                    namespace_labels: labels(&[(NAMESPACE_NAME, Some(namespace)), ("t", team)]),
                    labels: labels(&[("a", a), ("b", b)]),
                    ports: Vec::new(),
                    host_network: false,
                    service_account: "default".into(),
                    addresses: Vec::new(),
                });
            }
        }
    }
    pods
}

fn members(set: &PodSet, world: &[PodPoint]) -> BTreeSet<usize> {
    (0..world.len()).filter(|at| set.admits(&world[*at])).collect()
}

struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    fn constraint(&mut self) -> Constraint {
        let values: Vec<Text> =
            VALUES.iter().filter(|_| self.below(2) == 0).map(|v| Text::from(*v)).collect();
        match self.below(4) {
            0 => Constraint::within(values),
            1 => Constraint::outside(values),
            2 => Constraint::exists(),
            _ => Constraint::absent(),
        }
    }

    fn constraints(&mut self, keys: &[&str]) -> Constraints {
        let mut all = Constraints::default();
        for key in keys {
            if self.below(2) == 0 {
                let one = self.constraint();
                all = all.clone().with(Key::Label((*key).into()), one).unwrap_or(all);
            }
        }
        if keys.contains(&"t") && self.below(2) == 0 {
            let name = ["n1", "n2", "n3"][self.below(3) as usize];
            let one = Constraint::is(name.into());
            all = all.clone().with(Key::namespace_name(), one).unwrap_or(all);
        }
        all
    }

    fn set(&mut self) -> PodSet {
        let count = self.below(4);
        (0..count)
            .map(|_| Conjunction {
                namespaces: self.constraints(&["t"]),
                pods: self.constraints(&["a", "b"]),
            })
            .collect()
    }
}

#[test]
fn algebra_is_exact() {
    let world = world();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2000 {
        let (left, right) = (random.set(), random.set());
        let (in_left, in_right) = (members(&left, &world), members(&right, &world));
        let both: BTreeSet<usize> = in_left.intersection(&in_right).copied().collect();
        let without: BTreeSet<usize> = in_left.difference(&in_right).copied().collect();
        let either: BTreeSet<usize> = in_left.union(&in_right).copied().collect();
        assert_eq!(members(&left.and(&right).unwrap(), &world), both, "{left:?} and {right:?}");
        assert_eq!(members(&left.minus(&right).unwrap(), &world), without, "{left:?} minus {right:?}");
        assert_eq!(members(&PodSet::union([left, right]), &world), either);
    }
}

fn workload(namespace: &str, app: &str) -> Conjunction {
    Conjunction {
        namespaces: Constraints::one(Key::namespace_name(), Constraint::is(namespace.into())),
        pods: Constraints::one(Key::Label("app".into()), Constraint::is(app.into())),
    }
}

#[test]
fn exceptions_are_grouped_by_namespace() {
    let exceptions: PodSet =
        (0..100).map(|at| workload(&format!("n{}", at % 10), &format!("a{at}"))).collect();
    // One part for all other namespaces, and one for each that has exceptions.
    assert_eq!(PodSet::all().minus(&exceptions).unwrap().terms().len(), 11);
}

#[test]
fn too_many_parts_are_refused() {
    // Each exception crosses all others: 2^k parts.
    let crossing: PodSet = (0..10)
        .map(|at| Conjunction {
            namespaces: Constraints::default(),
            pods: Constraints::one(Key::Label(format!("p{at}").into()), Constraint::exists())
                .with(Key::Label(format!("q{at}").into()), Constraint::exists())
                .unwrap(),
        })
        .collect();
    assert_eq!(PodSet::all().minus(&crossing), Err(TooManyParts));
}

#[test]
fn what_is_implied_goes() {
    let union = PodSet::union([PodSet::of(workload("shop", "web")), PodSet::namespace(&"shop".into())]);
    assert_eq!(union, PodSet::namespace(&"shop".into()));
}
