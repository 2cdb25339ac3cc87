//! Where the facts of a network plugin come from: what `weir.toml` says of it, what the objects of the inventory show, and
//! which of the two is believed.

use std::fmt::Display;

use weir_cluster::inventory::Origin;
use weir_cluster::inventory::cni::{Evidence, Sighting, SightingKind};

use super::{CidrMatch, Cni, Mode, Plugin, Switch, Version};
use crate::project::{CniTable, Stated};
use crate::source::Place;

/// A fact, and who tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told<T> {
    pub value: T,
    pub source: Source,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A line of `weir.toml`.
    File(Place),
    /// An object of the inventory.
    Object(Shown),
}

/// An object that shows a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// ``the DaemonSet `kube-system/cilium` ``
    pub what: String,
    pub origin: Origin,
}

/// A fact of which `weir.toml` and the inventory tell different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    pub key: &'static str,
    pub place: Place,
    pub said: String,
    pub found: String,
    pub shown: Shown,
}

/// How a setting of a plugin is read as a switch; `None` for a value that says neither.
type Reading = fn(&str) -> Option<bool>;

/// The settings by which the inventory tells of switches.
const SETTINGS: &[(&[Plugin], &str, Switch, Reading)] = &[
    (CILIUM, "enable-sctp", Switch::Sctp, flag),
    (CILIUM, "enable-icmp-rules", Switch::Icmp, flag),
    (CILIUM, "enable-host-firewall", Switch::HostFirewall, flag),
    (CILIUM, "enable-l7-proxy", Switch::L7Proxy, flag),
    (CILIUM, "enable-k8s-networkpolicy", Switch::NetworkPolicy, flag),
    (CILIUM, "enable-k8s-cluster-network-policy", Switch::ClusterNetworkPolicy, flag),
    (CILIUM, "policy-default-local-cluster", Switch::PolicyDefaultLocalCluster, flag),
    (CILIUM, "cluster-id", Switch::Mesh, |id| Some(id.parse::<u32>().ok()? != 0)),
    (CILIUM, "enable-policy", Switch::Enforcement, |mode| Some(mode != "never")),
    (CILIUM, "policy-audit-mode", Switch::Enforcement, |audit| Some(!flag(audit)?)),
    (CILIUM, "allow-localhost", Switch::AllowLocalhost, |mode| Some(mode != "policy")),
    (AWS, "aws-network-policy-agent", Switch::NetworkPolicy, flag),
    (AWS, "enable-network-policy", Switch::NetworkPolicy, flag),
    (AWS, "enable-network-policy-controller", Switch::NetworkPolicy, flag),
];

const CILIUM: &[Plugin] = &[Plugin::Cilium, Plugin::GkeDataplaneV2];
const AWS: &[Plugin] = &[Plugin::AwsVpcCni];

/// As Go reads it.
fn flag(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Some(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

impl Cni {
    /// What the project tells, and for the rest what the inventory shows.
    pub fn of(evidence: &Evidence, table: &CniTable) -> Cni {
        let mut disagreements = Vec::new();
        let plugin = plugin(evidence, table, &mut disagreements);
        let known = plugin.as_ref().map(|told| told.value);
        let own = |sighting: &&Sighting| {
            // Google's build of Cilium keeps the name of its settings.
            let renamed = known == Some(Plugin::GkeDataplaneV2) && sighting.kind == SightingKind::ConfigMap;
            Some(sighting.plugin) == known || renamed && sighting.plugin == Plugin::Cilium
        };
        let own: Vec<&Sighting> = evidence.sightings.iter().filter(own).collect();
        let mut judge = Judge { disagreements: &mut disagreements };
        let shown = version(&own);
        let version = judge.choose(&table.version, shown, "version", |own, other| own.agrees_with(other));
        let shown = found(&own, "policy-cidr-match-mode", |text| Some(CidrMatch::read(text)));
        let cidr_match = judge.choose(&table.cidr_match, shown, "policy-cidr-match-mode", PartialEq::eq);
        let shown = found(&own, "cni-chaining-mode", |text| Some(text.to_owned()));
        let chaining = judge.choose(&table.chaining, shown, "chaining", PartialEq::eq);
        let shown = found(&own, "NETWORK_POLICY_ENFORCING_MODE", Mode::parse);
        let mode = judge.choose(&table.mode, shown, "mode", PartialEq::eq);
        let shown = found(&own, "cluster-name", |text| Some(text.to_owned()));
        let cluster_name = judge.choose(&table.cluster_name, shown, "cluster-name", PartialEq::eq);
        let switches = Switch::ALL.iter().filter_map(|switch| {
            let told = judge.choose(
                &table.switches.get(switch).cloned(),
                found_switch(&own, *switch),
                switch.key(),
                PartialEq::eq,
            );
            Some((*switch, told?))
        });
        let switches = switches.collect();
        disagreements.sort_by_key(|disagreement| disagreement.place);
        Cni { plugin, version, cidr_match, chaining, mode, cluster_name, switches, disagreements }
    }
}

/// The plugin that enforces policies: the strongest evidence, and among several agents the one that the others leave
/// policies to.
fn plugin(
    evidence: &Evidence,
    table: &CniTable,
    disagreements: &mut Vec<Disagreement>,
) -> Option<Told<Plugin>> {
    let best = evidence.sightings.first();
    let agents =
        evidence.sightings.iter().filter(|sighting| Some(sighting.kind) == best.map(|best| best.kind));
    let plugins: Vec<Plugin> = agents.clone().map(|sighting| sighting.plugin).collect();
    // Flannel's network with Calico beside it is what is called Canal.
    let canal = plugins.contains(&Plugin::Calico) && plugins.contains(&Plugin::Flannel);
    let Some(stated) = &table.name else {
        let best = best?;
        let value = if canal && best.plugin == Plugin::Calico { Plugin::Canal } else { best.plugin };
        return Some(Told { value, source: Source::Object(Shown::of(best)) });
    };
    if let Some(best) = best
        && !plugins.contains(&stated.value)
        && !(canal && stated.value == Plugin::Canal)
    {
        disagreements.push(Disagreement {
            key: "name",
            place: stated.place,
            said: stated.value.to_string(),
            found: best.plugin.to_string(),
            shown: Shown::of(best),
        });
    }
    Some(Told { value: stated.value, source: Source::File(stated.place) })
}

/// The oldest version among the objects that say most: what holds for it holds on every node.
fn version(own: &[&Sighting]) -> Option<(Version, Shown)> {
    let versions = own.iter().filter_map(|sighting| {
        let version = Version::parse(sighting.version.as_deref()?)?;
        Some((sighting.kind, version, Shown::of(sighting)))
    });
    let (_, version, shown) = versions.min_by_key(|(kind, version, _)| (*kind, version.key()))?;
    Some((version, shown))
}

/// The first that a setting tells.
fn found<T>(own: &[&Sighting], key: &str, read: impl Fn(&str) -> Option<T>) -> Option<(T, Shown)> {
    own.iter().find_map(|sighting| Some((read(sighting.setting(key)?)?, Shown::of(sighting))))
}

/// What is off anywhere is off: an agent without its controller does nothing.
fn found_switch(own: &[&Sighting], switch: Switch) -> Option<(bool, Shown)> {
    let rows = SETTINGS.iter().filter(|(_, _, other, _)| *other == switch);
    let all = rows.flat_map(|(plugins, key, _, read)| {
        own.iter()
            .filter(|sighting| plugins.contains(&sighting.plugin))
            .filter_map(|sighting| Some((read(sighting.setting(key)?)?, *sighting)))
    });
    let (on, sighting) = all.min_by_key(|(on, _)| *on)?;
    Some((on, Shown::of(sighting)))
}

struct Judge<'a> {
    disagreements: &'a mut Vec<Disagreement>,
}

impl Judge<'_> {
    fn choose<T: Clone + Display>(
        &mut self,
        stated: &Option<Stated<T>>,
        shown: Option<(T, Shown)>,
        key: &'static str,
        agree: impl Fn(&T, &T) -> bool,
    ) -> Option<Told<T>> {
        match (stated, shown) {
            (Some(stated), shown) => {
                if let Some((found, shown)) = shown
                    && !agree(&stated.value, &found)
                {
                    let (said, found) = (stated.value.to_string(), found.to_string());
                    self.disagreements.push(Disagreement { key, place: stated.place, said, found, shown });
                }
                Some(Told { value: stated.value.clone(), source: Source::File(stated.place) })
            }
            (None, Some((value, shown))) => Some(Told { value, source: Source::Object(shown) }),
            (None, None) => None,
        }
    }
}

impl Shown {
    fn of(sighting: &Sighting) -> Shown {
        let Sighting { kind, namespace, name, origin, .. } = sighting;
        let home = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
        Shown { what: format!("the {} `{home}{name}`", kind.name()), origin: origin.clone() }
    }
}

impl CidrMatch {
    /// As Cilium is told it: words with commas or spaces between them.
    fn read(text: &str) -> CidrMatch {
        let has = |wanted: &str| text.split([',', ' ']).any(|word| word == wanted);
        CidrMatch { nodes: has("nodes"), pods: has("pods") }
    }
}
