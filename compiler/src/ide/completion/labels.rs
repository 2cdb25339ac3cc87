//! Labels in brackets: those that the set has which stands before them, and how many pods have each.

use std::collections::BTreeMap;

use roaring::RoaringBitmap as Bits;
use rustc_hash::FxHashMap;
use weir_cluster::inventory::{EndpointClass, WorkloadId};
use weir_cluster::labels::{NAMESPACE_NAME, is_volatile};

use super::context::{self, Context};
use super::list::{Fit, List};
use super::wanted::Label;
use super::{Completion, CompletionKind};
use crate::ide::words::Labels;

pub fn labels(context: &Context<'_, '_>, label: &Label, list: &mut List<'_>) {
    match label.of {
        Labels::Pods => of_pods(context, label, list),
        Labels::Namespaces => of_namespaces(context, label, list),
        Labels::Clusters => of_clusters(context, label, list),
    }
}

fn of_pods(context: &Context<'_, '_>, label: &Label, list: &mut List<'_>) {
    let inventory = context.inventory();
    let classes = context.classes(label.set, label.is_open);
    let of = |class: u32| inventory.classes.get(class as usize);
    match &label.value {
        None => {
            let mut found = Vec::new();
            for key in inventory.label_keys().filter(|key| !is_volatile(key)) {
                let Some(fit) = list.fit(key) else { continue };
                let having = inventory.classes_having(key) & &classes;
                if !having.is_empty() {
                    found.push((fit, &**key, having));
                }
            }
            found.sort_unstable_by_key(|(fit, key, _)| (*fit, *key));
            for (_, key, having) in found {
                let counted = Count::of(having.iter().filter_map(of));
                list.add(0, key_item(key).detail(counted.spoken()));
            }
        }
        Some((key, beside)) => {
            let mut values: FxHashMap<&str, Vec<&EndpointClass>> = FxHashMap::default();
            for class in (inventory.classes_having(key) & &classes).iter().filter_map(of) {
                if let Some(value) = class.labels.get(key) {
                    values.entry(value).or_default().push(class);
                }
            }
            let keys = values.keys().copied();
            let candidates: Vec<(Fit, &str)> =
                keys.filter_map(|value| Some((list.fit(value)?, value))).collect();
            for (_, value) in list.first(candidates) {
                let counted = Count::of(values.get(value).into_iter().flatten().copied());
                add_value(value, beside, counted.spoken(), list);
            }
        }
    }
}

/// How many pods classes have; of templates alone, how many workloads.
struct Count {
    pods: u64,
    workloads: usize,
}

impl Count {
    fn of<'c>(classes: impl Iterator<Item = &'c EndpointClass>) -> Count {
        let mut pods = 0;
        let mut workloads: Vec<WorkloadId> = Vec::new();
        for class in classes {
            pods += u64::from(class.pods);
            workloads.push(class.workload);
        }
        workloads.sort_unstable();
        workloads.dedup();
        Count { pods, workloads: workloads.len() }
    }

    fn spoken(&self) -> String {
        match self.pods {
            0 => counted(self.workloads as u64, "workload"),
            pods => counted(pods, "pod"),
        }
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn of_namespaces(context: &Context<'_, '_>, label: &Label, list: &mut List<'_>) {
    let inventory = context.inventory();
    let ids: Bits = match label.is_open {
        false => (0..inventory.namespaces.len() as u32).collect(),
        true => {
            let parts = context.parts(label.set, true);
            context::namespaces(&parts, inventory).into_iter().map(|id| id.0).collect()
        }
    };
    match &label.value {
        None => namespace_keys(context, &ids, list, |key| key.to_owned()),
        Some((key, beside)) => {
            let values = inventory
                .namespace_label_values(key)
                .map(|value| (&**value, (inventory.namespaces_with(key, value) & &ids).len()));
            let candidates = values
                .filter(|(_, count)| *count > 0)
                .filter_map(|(value, count)| Some((list.fit(value)?, value, count)))
                .collect();
            for (_, value, count) in list.first(candidates) {
                add_value(value, beside, counted(count, "namespace"), list);
            }
        }
    }
}

fn namespace_keys(
    context: &Context<'_, '_>,
    ids: &Bits,
    list: &mut List<'_>,
    written: impl Fn(&str) -> String,
) {
    let inventory = context.inventory();
    for key in inventory.namespace_label_keys() {
        let count = (inventory.namespaces_having(key) & ids).len();
        if count > 0 {
            let rank = u8::from(&**key == NAMESPACE_NAME);
            list.add(rank, key_item(key).insert(written(key)).detail(counted(count, "namespace")));
        }
    }
}

/// The key behind `namespaces by`.
pub fn partition_keys(context: &Context<'_, '_>, list: &mut List<'_>) {
    let ids = (0..context.inventory().namespaces.len() as u32).collect();
    namespace_keys(context, &ids, list, weir_grammar::format::partition_key);
}

fn of_clusters(context: &Context<'_, '_>, label: &Label, list: &mut List<'_>) {
    let clusters = context.desk.workspace.project().map_or(&[][..], |project| &project.clusters);
    let mut found: BTreeMap<&str, u64> = BTreeMap::new();
    match &label.value {
        None => {
            let keys = clusters.iter().flat_map(|cluster| cluster.labels.keys());
            keys.for_each(|key| *found.entry(key).or_default() += 1);
            for (key, count) in found {
                list.add(0, key_item(key).detail(counted(count, "cluster")));
            }
        }
        Some((key, beside)) => {
            let values = clusters.iter().filter_map(|cluster| cluster.labels.get(key));
            values.for_each(|value| *found.entry(value).or_default() += 1);
            for (value, count) in found {
                add_value(value, beside, counted(count, "cluster"), list);
            }
        }
    }
}

fn key_item(key: &str) -> Completion {
    Completion::new(CompletionKind::LabelKey, key)
}

fn add_value(value: &str, beside: &[String], detail: String, list: &mut List<'_>) {
    if beside.iter().any(|other| other == value) {
        return;
    }
    // As selectors have it: these words are operators.
    let written = match value {
        "" | "in" | "notin" => format!("\"{value}\""),
        _ => value.to_owned(),
    };
    let item = Completion::new(CompletionKind::LabelValue, &written).filter(value);
    list.add(0, item.detail(detail));
}
