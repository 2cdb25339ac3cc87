//! The flows that appear and vanish from one view to another, with whoever causes each. Both are asked on one space, so it
//! does not matter which of them is a program and which are objects.

use std::collections::BTreeSet;

use weir_cluster::flow::{Flows, PodPoint, Space};
use weir_cluster::inventory::{EndpointClass, Workload};

use crate::diagnostic::Diagnostic;
use crate::diagnostic::position::Positions;
use crate::facts::Facts;
use crate::reach::{self, Reached, Told};
use crate::source::Sources;
use crate::verify;
use crate::view::{Action, Answer, Cause, Side as End, Verdict, View};

mod text;

pub use text::{human, json, markdown};

/// A view, and the texts that its sentences stand in.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    pub view: View<'a>,
    pub sources: &'a Sources,
    /// What the paths of its files begin with, and what is told in its place.
    pub root: (&'a str, &'a str),
}

impl Side<'_> {
    fn path(&self, path: &str) -> String {
        let (root, told) = self.root;
        path.strip_prefix(root).map_or_else(|| path.to_owned(), |rest| format!("{told}{rest}"))
    }
}

#[derive(Clone, Debug, Default)]
pub struct Difference {
    pub appear: Vec<Change>,
    pub vanish: Vec<Change>,
    /// Workloads of one inventory alone, as `namespace/name`.
    pub new_workloads: Vec<String>,
    pub old_workloads: Vec<String>,
}

/// Flows that share their ends, their ports and what causes them.
#[derive(Clone, Debug)]
pub struct Change {
    pub flows: Told,
    /// Who lets them through, on the side that has them.
    pub by: Vec<String>,
    /// Who stops them, on the side that has them not.
    pub against: Vec<String>,
}

impl Difference {
    pub fn is_empty(&self) -> bool {
        self.appear.is_empty() && self.vanish.is_empty()
    }
}

/// How many causes are told of one change.
const TOLD: usize = 4;

pub fn diff(old: Side<'_>, new: Side<'_>) -> Result<Difference, Box<Diagnostic>> {
    let (before, after) = (old.view.facts(), new.view.facts());
    let mut boundaries = old.view.boundaries();
    boundaries.join(new.view.boundaries());
    let mut newcomers = new.view.newcomers();
    newcomers
        .extend(old.view.newcomers().into_iter().filter(|pod| !newcomers.contains(pod)).collect::<Vec<_>>());
    newcomers.extend(gone(before, after));
    let mut space =
        Space::of(after.inventory, newcomers, &boundaries.sorted()).map_err(reach::too_complex)?;
    space.pod_ranges = verify::pod_ranges(after);
    let (was, is) = (old.view.flows(&space), new.view.flows(&space));
    let outside = Flows::from_boxes(&space, &verify::outside(&space));
    // Between a program and objects, that is no difference.
    let bound = match (old.view, new.view) {
        (View::Program { .. }, View::Objects { .. }) => old.view.bound(&space),
        (View::Objects { .. }, View::Program { .. }) => new.view.bound(&space),
        _ => Flows::empty(&space),
    };
    let outside = outside.union(&bound);
    let appear = is.permitted.minus(&was.permitted).minus(&was.undefined).minus(&outside);
    let vanish = was.permitted.minus(&is.permitted).minus(&is.undefined).minus(&outside);
    let (here, there) = (names(after), names(before));
    Ok(Difference {
        appear: changes(&appear, &space, after, new, old),
        vanish: changes(&vanish, &space, after, old, new),
        new_workloads: here.difference(&there).cloned().collect(),
        old_workloads: there.difference(&here).cloned().collect(),
    })
}

/// Pods of one inventory that another has not.
fn gone(before: &Facts<'_>, after: &Facts<'_>) -> Vec<PodPoint> {
    if std::ptr::eq(before.inventory, after.inventory) {
        return Vec::new();
    }
    let of = |facts: &Facts<'_>| -> Vec<PodPoint> {
        let inventory = facts.inventory;
        let classes = inventory.classes.iter().filter(|class| !class.host_network);
        let pod = |class: &EndpointClass| {
            let home = &inventory.namespaces[class.namespace.index()];
            PodPoint {
                class: None,
                namespace: home.name.clone(),
                namespace_labels: home.labels.clone(),
                labels: class.labels.clone(),
                ports: class.ports.clone(),
                host_network: false,
                service_account: class.service_account.clone(),
                addresses: Vec::new(),
            }
        };
        classes.map(pod).collect()
    };
    let there = of(after);
    of(before).into_iter().filter(|pod| !there.contains(pod)).collect()
}

fn names(facts: &Facts<'_>) -> BTreeSet<String> {
    let inventory = facts.inventory;
    let name = |workload: &Workload| {
        format!("{}/{}", inventory.namespaces[workload.namespace.index()].name, workload.name)
    };
    inventory.workloads.iter().map(name).collect()
}

/// The flows in rows; `has` lets them through, and `lacks` does not.
fn changes(flows: &Flows, space: &Space, facts: &Facts<'_>, has: Side<'_>, lacks: Side<'_>) -> Vec<Change> {
    if flows.is_empty() {
        return Vec::new();
    }
    let reached = Reached::of_flows(facts, space, flows);
    let mut found = Vec::new();
    for (told, flow) in reached.told(flows) {
        let Some(flow) = flow else { continue };
        let (passes, stops) = (has.view.verdict(space, flow), lacks.view.verdict(space, flow));
        let ends = |verdict: &Verdict| [verdict.leaving.clone(), verdict.entering.clone()];
        let mut by = causes(&ends(&passes), Action::Allow, has);
        if by.is_empty() {
            by.push("nothing closes either end".to_owned());
        }
        let mut against = causes(&ends(&stops), Action::Deny, lacks);
        if against.is_empty() {
            let closing = ends(&stops).into_iter().filter(|end| end.answer != Answer::Permitted);
            let closing: Vec<Cause> = closing.flat_map(|end| end.closing).collect();
            against = worded(&closing, lacks);
        }
        found.push(Change { flows: told, by, against });
    }
    found
}

fn causes(ends: &[End; 2], action: Action, side: Side<'_>) -> Vec<String> {
    let deciding = ends.iter().flat_map(|end| &end.deciding);
    let found: Vec<Cause> =
        deciding.filter(|(own, _)| *own == action).map(|(_, cause)| cause.clone()).collect();
    worded(&found, side)
}

/// Sentences with their lines, objects with their rules; a few of them.
fn worded(causes: &[Cause], side: Side<'_>) -> Vec<String> {
    let Side { view, sources, .. } = side;
    let mut found: Vec<String> = Vec::new();
    for cause in causes {
        let words = match cause {
            Cause::Sentence(id) => {
                let View::Program { analysis, .. } = view else { continue };
                let place = analysis.program.get(*id).place;
                let line = Positions::new(sources).of(place).0.line;
                let text = sources.text(place).split_whitespace().collect::<Vec<_>>().join(" ");
                format!("{}:{line}: {}", side.path(&sources.get(place.file).path), text.trim_end_matches(';'))
            }
            Cause::Object(object) => {
                format!("{}:{}: {object}", side.path(&object.place.file), object.place.line)
            }
            Cause::Rule(object, path) => {
                format!("{}:{}: {object} by {path}", side.path(&object.place.file), object.place.line)
            }
        };
        if !found.contains(&words) {
            found.push(words);
        }
    }
    let more = found.len().saturating_sub(TOLD);
    if more > 0 {
        found.truncate(TOLD);
        found.push(format!("and {more} more"));
    }
    found
}
