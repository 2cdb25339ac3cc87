//! Who reaches whom, on what: the flows of a view between the ends that people have names for. One file a format is below;
//! this one knows none of them.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use weir_cluster::flow::{Bits, FlowBox, Flows, Point, Space, TooComplex};

use crate::asked::Asked;
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::verify;
use crate::view::{Seen, View};

pub mod csv;
pub mod ends;
pub mod human;
pub mod json;
pub mod markdown;
pub mod ports;
mod rows;
mod words;

use ends::End;
use ports::{PortSet, Unasked};

/// What of all flows is asked for.
#[derive(Clone, Copy, Default)]
pub struct Scope<'a> {
    pub from: Option<&'a Asked>,
    pub to: Option<&'a Asked>,
    /// With pods that are not there today.
    pub newcomers: bool,
}

/// The flows of a view.
pub struct Reached {
    space: Space,
    ends: Vec<End>,
    permitted: Layer,
    /// What the format of the objects leaves open.
    undefined: Layer,
    unasked: Unasked,
    /// Ends that are asked for.
    sources: Bits,
    destinations: Bits,
}

/// A set of flows, by source.
struct Layer {
    boxes: Vec<FlowBox>,
    /// The ends that each box leads to.
    destinations: Vec<Bits>,
    /// The boxes that each end is a source of.
    of_source: Vec<Vec<u32>>,
}

/// What is too much for an answer.
pub(crate) fn too_complex(TooComplex(pattern): TooComplex) -> Diagnostic {
    Diagnostic::error(Code::E0603, "it cannot be told what is let through")
        .with_note(format!("the pattern `{pattern}` has more states than can be looked at"))
}

/// Looks at a view.
pub fn reach(view: &View<'_>, scope: Scope<'_>) -> Result<Reached, Box<Diagnostic>> {
    let facts = view.facts();
    let mut boundaries = view.boundaries();
    let servers = facts.api_server_addresses();
    boundaries.cidrs.extend(servers.into_iter().map(ipnet::IpNet::from));
    for asked in [scope.from, scope.to].into_iter().flatten() {
        asked.cut(&mut boundaries);
    }
    let newcomers = if scope.newcomers { view.newcomers() } else { Vec::new() };
    let mut space = Space::of(facts.inventory, newcomers, &boundaries.sorted()).map_err(too_complex)?;
    space.pod_ranges = verify::pod_ranges(facts);
    let Seen { permitted, undefined } = view.flows(&space);
    // What nobody asks is let through here, so that it cuts no range in two, and told nowhere.
    let outside = Flows::from_boxes(&space, &verify::outside(&space));
    let (permitted, undefined) = (permitted.union(&outside).boxes(), undefined.minus(&outside).boxes());
    let points = |asked: Option<&Asked>| asked.map(|asked| asked.points(&space, facts));
    let (from, to) = (points(scope.from), points(scope.to));
    for (asked, found) in [(scope.from, &from), (scope.to, &to)] {
        if let (Some(asked), Some(found)) = (asked, found)
            && found.is_empty()
        {
            return Err(nowhere(asked, facts).into());
        }
    }
    let focus = [&from, &to].map(|points| points.as_ref());
    let ends = ends::of(facts, &space, [&permitted, &undefined], focus);
    let meant = |focus: &Option<Bits>| -> Bits {
        let is = |end: &End| focus.as_ref().is_none_or(|focus| !focus.is_disjoint(&end.points));
        (0u32..).zip(&ends).filter(|(_, end)| is(end)).map(|(at, _)| at).collect()
    };
    let is_source = |at: &u32| ends[*at as usize].sends;
    let (sources, destinations) = (meant(&from).iter().filter(is_source).collect(), meant(&to));
    let unasked = Unasked::of(&space);
    let layers = [permitted, undefined].map(|boxes| Layer::new(boxes, &space, &ends));
    let [permitted, undefined] = layers;
    Ok(Reached { space, ends, permitted, undefined, unasked, sources, destinations })
}

/// An end that the cluster has nothing of.
pub(crate) fn nowhere(asked: &Asked, facts: &Facts<'_>) -> Diagnostic {
    let spelled = asked.spelled(facts);
    let said = crate::asked::asked_wrong(format!("the inventory has nothing that `{spelled}` could be"));
    match asked {
        Asked::Nodes => said.with_help("give it the nodes: `kubectl get nodes -o json`"),
        Asked::Addresses(_) => {
            said.with_help("the addresses of pods and services are asked for by the names of these")
        }
        _ => said.with_help("give it the pods, or the workloads that make them"),
    }
}

/// A source, a destination and a port atom of a space.
pub(crate) type OneFlow = (usize, usize, usize);

/// A row of flows, in words and in names.
#[derive(Clone, Debug)]
pub struct Told {
    /// In few words, as in `shop/*`.
    pub from: Vec<String>,
    pub to: Vec<String>,
    /// As in `443/tcp`.
    pub ports: Vec<String>,
    /// Every end by its name.
    pub sources: Vec<String>,
    pub destinations: Vec<String>,
    /// The ports as a JSON list.
    pub json: String,
}

impl Reached {
    /// These flows, between all ends of a space.
    pub(crate) fn of_flows(facts: &Facts<'_>, space: &Space, flows: &Flows) -> Reached {
        let boxes = flows.boxes();
        let ends = ends::of(facts, space, [&boxes, &[]], [None, None]);
        let all: Bits = (0..ends.len() as u32).collect();
        let sources = all.iter().filter(|at| ends[*at as usize].sends).collect();
        let [permitted, undefined] = [boxes, Vec::new()].map(|boxes| Layer::new(boxes, space, &ends));
        let unasked = Unasked::of(space);
        Reached { space: space.clone(), ends, permitted, undefined, unasked, sources, destinations: all }
    }

    /// Its rows, each with one of its flows.
    pub(crate) fn told(&self, flows: &Flows) -> Vec<(Told, Option<OneFlow>)> {
        let names = |set: &Bits| -> Vec<String> {
            set.iter().flat_map(|at| self.ends[at as usize].names.iter().cloned()).collect()
        };
        let points = |set: &Bits| -> Vec<usize> {
            let all = set.iter().flat_map(|at| self.ends[at as usize].points.iter());
            all.take(64).map(|at| at as usize).collect()
        };
        // Pods that may come are told where no pod of today does the same.
        let new: Bits = (0u32..)
            .zip(&self.ends)
            .filter(|(_, end)| end.kind == ends::Kind::Newcomer)
            .map(|(at, _)| at)
            .collect();
        let today = |set: &Bits| if (set - &new).is_empty() { set.clone() } else { set - &new };
        let told = rows::rows(self).into_iter().map(|row| {
            let row =
                rows::Row { sources: today(&row.sources), destinations: today(&row.destinations), ..row };
            let destinations = points(&row.destinations);
            let mut pairs = (points(&row.sources).into_iter())
                .flat_map(|from| destinations.iter().map(move |to| (from, *to)));
            let flow = pairs.find_map(|(from, to)| {
                let atom = (0..self.space.ports.len()).find(|atom| flows.contains(from, to, *atom))?;
                Some((from, to, atom))
            });
            let told = Told {
                from: words::phrases(self, &row.sources, true),
                to: words::phrases(self, &row.destinations, false),
                ports: row.ports.words.clone(),
                sources: names(&row.sources),
                destinations: names(&row.destinations),
                json: row.ports.json.clone(),
            };
            (told, flow)
        });
        let mut told: Vec<_> = told.collect();
        told.sort_by(|(a, _), (b, _)| (&a.from, &a.to, &a.ports).cmp(&(&b.from, &b.to, &b.ports)));
        told
    }
}

impl Layer {
    fn new(boxes: Vec<FlowBox>, space: &Space, ends: &[End]) -> Layer {
        let mut of_point = vec![0u32; space.points.len()];
        for (at, end) in (0u32..).zip(ends) {
            end.points.iter().for_each(|point| of_point[point as usize] = at);
        }
        let ends_of =
            |points: &Bits| -> Bits { points.iter().map(|point| of_point[point as usize]).collect() };
        let mut of_source = vec![Vec::new(); ends.len()];
        for (at, one) in (0u32..).zip(&boxes) {
            for end in &ends_of(&one.sources) {
                of_source[end as usize].push(at);
            }
        }
        let destinations = boxes.iter().map(|one| ends_of(&one.destinations)).collect();
        Layer { boxes, destinations, of_source }
    }
}

/// Port sets, each made once.
#[derive(Default)]
struct Known {
    sets: FxHashMap<(Vec<u32>, ports::Families), Option<Rc<PortSet>>>,
}

impl Reached {
    /// The destinations of one end with the ports there, by the number of the end; nothing that carries no flow.
    fn leaving(&self, layer: &Layer, source: u32, known: &mut Known) -> Vec<(u32, Rc<PortSet>)> {
        let mut boxes: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for at in &layer.of_source[source as usize] {
            let reached = &layer.destinations[*at as usize] & &self.destinations;
            for end in reached {
                boxes.entry(end).or_default().push(*at);
            }
        }
        let mut found: Vec<(u32, Rc<PortSet>)> = Vec::with_capacity(boxes.len());
        let from = &self.ends[source as usize];
        for (end, list) in boxes {
            let to = &self.ends[end as usize];
            // Nothing governs what addresses send each other.
            if from.is_address() && to.is_address() {
                continue;
            }
            let families = ports::Families::of(from, to);
            let set = known.sets.entry((list, families)).or_insert_with_key(|(list, families)| {
                let mut atoms = Bits::new();
                list.iter().for_each(|at| atoms |= &layer.boxes[*at as usize].ports);
                PortSet::of(&self.space, &atoms, &self.unasked, *families).map(Rc::new)
            });
            found.extend(set.clone().map(|set| (end, set)));
        }
        found.sort_unstable_by_key(|(end, _)| *end);
        found
    }

    /// Every pair of ends with a flow, sorted by their names.
    fn each_pair<E>(
        &self,
        layer: &Layer,
        mut tell: impl FnMut(&str, &str, &PortSet) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut named: Vec<(&str, u32)> = Vec::new();
        for (at, end) in (0u32..).zip(&self.ends) {
            named.extend(end.names.iter().map(|name| (name.as_str(), at)));
        }
        named.sort_unstable();
        let mut known = Known::default();
        let mut sets: Vec<Option<Rc<PortSet>>> = vec![None; self.ends.len()];
        for (from, source) in named.iter().filter(|(_, end)| self.sources.contains(*end)) {
            let reached = self.leaving(layer, *source, &mut known);
            if reached.is_empty() {
                continue;
            }
            for (end, set) in &reached {
                sets[*end as usize] = Some(Rc::clone(set));
            }
            for (to, destination) in &named {
                if let Some(set) = &sets[*destination as usize] {
                    tell(from, to, set)?;
                }
            }
            for (end, _) in &reached {
                sets[*end as usize] = None;
            }
        }
        Ok(())
    }

    /// Whether the format leaves anything open of what is asked for.
    pub fn has_undefined(&self) -> bool {
        let mut known = Known::default();
        self.sources.iter().any(|source| !self.leaving(&self.undefined, source, &mut known).is_empty())
    }

    /// The point of an end that stands for all of them.
    fn point(&self, end: &End) -> Option<&Point> {
        end.points.min().map(|at| &self.space.points[at as usize])
    }
}
