//! All flows as few rows: ends that behave alike stand together. A pair of ends is in one row, with all of its ports.

use std::collections::BTreeMap;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use weir_cluster::flow::Bits;

use super::ends::{End, Kind};
use super::ports::PortSet;
use super::{Known, Layer, Reached};

/// Every source to every destination on these ports.
pub(super) struct Row {
    pub sources: Bits,
    pub destinations: Bits,
    pub ports: Rc<PortSet>,
    /// The format leaves it open.
    pub undefined: bool,
}

/// What two ends have to share to be one: their boxes, and whether they are pods or of which family.
type Looks = (Vec<u32>, Option<bool>, bool);

/// Groups or ends, and on which ports they send or take.
type Sent = (Bits, Rc<PortSet>);

pub(super) fn rows(reached: &Reached) -> Vec<Row> {
    let mut rows = of_layer(reached, &reached.permitted, false);
    rows.extend(of_layer(reached, &reached.undefined, true));
    rows
}

fn of_layer(reached: &Reached, layer: &Layer, undefined: bool) -> Vec<Row> {
    let mut into: Vec<Vec<u32>> = vec![Vec::new(); reached.ends.len()];
    for (at, ends) in (0u32..).zip(&layer.destinations) {
        ends.iter().for_each(|end| into[end as usize].push(at));
    }
    let sources = alike(reached, &layer.of_source, &reached.sources);
    let destinations = alike(reached, &into, &reached.destinations);
    let of_first: FxHashMap<u32, usize> =
        destinations.iter().enumerate().filter_map(|(at, ends)| Some((ends.min()?, at))).collect();
    // For each group of destinations, the groups of sources by their ports.
    let mut columns: Vec<BTreeMap<Vec<String>, Sent>> = vec![BTreeMap::new(); destinations.len()];
    let mut known = Known::default();
    for (at, group) in (0u32..).zip(&sources) {
        let Some(source) = group.min() else { continue };
        for (end, set) in reached.leaving(layer, source, &mut known) {
            let Some(column) = of_first.get(&end) else { continue };
            let entry = columns[*column].entry(set.words.clone());
            entry.or_insert_with(|| (Bits::new(), Rc::clone(&set))).0.insert(at);
        }
    }
    let mut joined: BTreeMap<(Vec<u32>, Vec<String>), Sent> = BTreeMap::new();
    for (column, ends) in columns.into_iter().zip(&destinations) {
        for (words, (groups, set)) in column {
            let entry = joined.entry((groups.iter().collect(), words));
            entry.or_insert_with(|| (Bits::new(), set)).0 |= ends;
        }
    }
    let whole =
        |groups: Vec<u32>| groups.into_iter().fold(Bits::new(), |all, group| all | &sources[group as usize]);
    let row =
        |((groups, _), (destinations, ports))| Row { sources: whole(groups), destinations, ports, undefined };
    everywhere(reached, joined.into_iter().map(row).collect())
}

/// Nothing governs what addresses send each other. So whoever reaches all pods, where all pods reach this too, is everyone
/// who reaches everyone.
fn everywhere(reached: &Reached, mut rows: Vec<Row>) -> Vec<Row> {
    let those = |is: fn(&End) -> bool| -> Bits {
        (0u32..).zip(&reached.ends).filter(|(_, end)| is(end)).map(|(at, _)| at).collect()
    };
    let (pods, senders) = (those(End::is_pods), those(|end| end.sends));
    let Some(all) = rows.iter().position(|row| row.sources == senders && row.destinations == pods) else {
        return rows;
    };
    let words = rows[all].ports.words.clone();
    let is_rest =
        |row: &Row| row.sources == pods && row.ports.words == words && row.destinations.is_disjoint(&pods);
    if let Some(rest) = rows.iter().position(is_rest) {
        let destinations = rows[rest].destinations.clone();
        rows[all].destinations |= destinations;
        rows.remove(rest);
    }
    rows
}

/// The ends in groups of those that the same boxes hold.
fn alike(reached: &Reached, boxes: &[Vec<u32>], among: &Bits) -> Vec<Bits> {
    let mut groups: BTreeMap<Looks, Bits> = BTreeMap::new();
    for at in among {
        let end = &reached.ends[at as usize];
        let looks = (boxes[at as usize].clone(), end.family, end.kind == Kind::Host);
        groups.entry(looks).or_default().insert(at);
    }
    groups.into_values().collect()
}
