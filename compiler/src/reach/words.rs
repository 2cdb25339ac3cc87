//! Sets of ends in few words: `everyone`, whole namespaces, what is left out where that is shorter, ranges of addresses.

use std::collections::BTreeMap;

use weir_cluster::flow::{Bits, Point};

use super::Reached;
use super::ends::{self, Kind};
use crate::address::AddressSet;

/// Up to how many of a set are told by leaving them out.
const LEFT_OUT: usize = 3;

/// The words for a set of sources or of destinations, one for each part.
pub(super) fn phrases(reached: &Reached, set: &Bits, as_source: bool) -> Vec<String> {
    let is_side = |at: &u32| !as_source || reached.ends[*at as usize].sends;
    let all: Bits = (0..reached.ends.len() as u32).filter(is_side).collect();
    let pods: Bits = all.iter().filter(|at| reached.ends[*at as usize].is_pods()).collect();
    if *set == all {
        return vec!["everyone".to_owned()];
    }
    let left_out = |whole: &Bits, word: &str| {
        let missing = listed(reached, &(whole - set));
        let present = listed(reached, &(set & whole)).len();
        (missing.len() <= LEFT_OUT && missing.len() < present)
            .then(|| format!("{word} except {}", missing.join(", ")))
    };
    if (&pods - set).is_empty() && !pods.is_empty() {
        let mut words = vec!["every pod".to_owned()];
        words.extend(listed(reached, &(set - &pods)));
        return words;
    }
    // What is no pod is told as it is.
    if (&(&all - set) - &pods).is_empty()
        && !set.is_disjoint(&pods)
        && let Some(words) = left_out(&all, "everyone")
    {
        return vec![words];
    }
    if let Some(words) = left_out(&pods, "every pod") {
        let mut words = vec![words];
        words.extend(listed(reached, &(set - &pods)));
        return words;
    }
    listed(reached, set)
}

/// Each of them, whole namespaces together.
fn listed(reached: &Reached, set: &Bits) -> Vec<String> {
    let mut words = Vec::new();
    let mut members: BTreeMap<&str, (u32, Vec<&str>)> = BTreeMap::new();
    for (at, end) in (0u32..).zip(&reached.ends) {
        let Some(Point::Pod(pod)) = reached.point(end) else { continue };
        if let Kind::Workload(_) = end.kind {
            let namespace = members.entry(&*pod.namespace).or_default();
            namespace.0 += 1;
            if set.contains(at) {
                namespace.1.extend(end.names.iter().map(String::as_str));
            }
        }
    }
    for (namespace, (count, names)) in &members {
        match names.len() as u32 {
            1.. if *count > 1 && names.len() as u32 == *count => words.push(format!("{namespace}/*")),
            _ => words.extend(names.iter().map(|name| (*name).to_owned())),
        }
    }
    let (mut blocks, mut points) = (Vec::new(), Bits::new());
    for at in set {
        let end = &reached.ends[at as usize];
        match end.kind {
            Kind::Workload(_) => {}
            Kind::Addresses => points |= &end.points,
            _ => blocks.extend(end.names.iter().cloned()),
        }
    }
    words.extend(blocks);
    words.extend(addresses(reached, &points));
    words
}

/// Ranges of addresses, as `internet` or with their holes.
fn addresses(reached: &Reached, points: &Bits) -> Vec<String> {
    if points.is_empty() {
        return Vec::new();
    }
    let set = ends::addresses(points, &reached.space, true);
    let internet = AddressSet::internet();
    // What belongs to the cluster may lie inside, and is no point.
    let own = |set: &AddressSet| {
        (0u32..).zip(&reached.space.points).all(|(at, point)| match point {
            Point::Address(address) if address.host.is_none() && !points.contains(at) => {
                !set.contains(address.first) || address.api_server || is_node(point)
            }
            _ => true,
        })
    };
    if set.minus(&internet).is_empty() && own(&internet) {
        return vec!["internet".to_owned()];
    }
    let mut words = Vec::new();
    for block in set.blocks() {
        words.push(block.cidr.to_string());
        if let (Some(word), false) = (words.last_mut(), block.except.is_empty()) {
            let holes: Vec<String> = block.except.iter().map(ToString::to_string).collect();
            *word += &format!(" except {}", holes.join(", "));
        }
    }
    words
}

fn is_node(point: &Point) -> bool {
    use weir_cluster::flow::AddressKind;
    matches!(point, Point::Address(address) if address.kind != AddressKind::Outside)
}
