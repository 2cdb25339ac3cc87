//! projectcalico.org/v3, and the same objects as Calico stores them: reads policies and what they lean on, and says in
//! which order they decide about flows. Written from Calico's own documentation; knows nothing of how Weir writes
//! policies.
//!
//! Only pods are governed: what concerns hosts alone is read, and said to be ignored. Outside of every verdict: a pod's
//! own node to it, replies, and what never leaves a pod.

use super::kubernetes::{self, Direction};
use super::points::Points;
use super::probe::Probe;
use super::read::fields::Decoder;
use super::read::objects::{Found, Kind};
use super::verdict;
use super::{Object, Place, PolicyError};
use crate::flow::{Boundaries, Space};

mod decode;
mod endpoints;
mod entity;
mod fields;
mod lower;
mod objects;
mod probes;
mod rule;
mod selector;
#[cfg(test)]
mod tests;
mod tiers;
mod whom;

use decode::Decoded;
use endpoints::Endpoints;
use lower::Lowering;
use objects::{Policy, Profile, Set, Tier};
use rule::Rule;
use whom::Finder;

const NAMES: [(&str, bool); 10] = [
    ("NetworkPolicy", true),
    ("GlobalNetworkPolicy", false),
    ("NetworkSet", true),
    ("GlobalNetworkSet", false),
    ("Tier", false),
    ("Profile", false),
    ("HostEndpoint", false),
    ("StagedNetworkPolicy", true),
    ("StagedGlobalNetworkPolicy", false),
    ("StagedKubernetesNetworkPolicy", true),
];

/// Each kind as it is written, and as it is stored.
pub(super) const KINDS: &[Kind] = &kinds();

const fn kinds() -> [Kind; 2 * NAMES.len()] {
    let mut kinds =
        [Kind { api_version: "projectcalico.org/v3", name: "", namespaced: false }; 2 * NAMES.len()];
    let mut at = 0;
    while at < NAMES.len() {
        let (name, namespaced) = NAMES[at];
        kinds[2 * at] = Kind { api_version: "projectcalico.org/v3", name, namespaced };
        kinds[2 * at + 1] = Kind { api_version: "crd.projectcalico.org/v1", name, namespaced };
        at += 1;
    }
    kinds
}

/// What changes how these policies are enforced, with the defaults of a usual cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switches {}

/// The objects of the format, each with its number.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects {
    policies: Vec<(u32, Policy)>,
    sets: Vec<(u32, Set)>,
    tiers: Vec<(u32, Tier)>,
    profiles: Vec<(u32, Profile)>,
    /// What nothing enforces, whatever stands beside it.
    unenforced: Vec<PolicyError>,
}

impl Objects {
    /// Reads an object of one of [`KINDS`], which will have this number. `None` if something is wrong with it.
    pub(super) fn decode(
        &mut self,
        decoder: &mut Decoder,
        found: &Found<'_, '_>,
        number: u32,
    ) -> Option<Object> {
        let (meta, decoded) = decode::object(decoder, found)?;
        let place = found.place(decoder);
        match decoded {
            Decoded::Policy(policy) => self.policies.push((number, policy)),
            Decoded::Set(set) => self.sets.push((number, set)),
            Decoded::Tier(tier) => self.tiers.push((number, tier)),
            Decoded::Profile(profile) => self.profiles.push((number, profile)),
            Decoded::Host(set) => {
                let reason =
                    "a host endpoint is no pod: its addresses count as peers, but nothing governs it here";
                self.unenforced.push(place.error("", reason.to_owned()));
                self.sets.push((number, set));
            }
            Decoded::Staged => {
                let reason = "a staged policy is observed only: nothing enforces it";
                self.unenforced.push(place.error("", reason.to_owned()));
            }
        }
        // Kubernetes has a kind of this name, too.
        let kind = match found.kind.name {
            "NetworkPolicy" => "NetworkPolicy.projectcalico.org",
            name => name,
        };
        Some(Object { kind, namespace: meta.namespace, name: meta.name, place })
    }

    /// Adds others, whose numbers are so much higher now.
    pub(super) fn extend(&mut self, other: Objects, by: u32) {
        fn add<T>(own: &mut Vec<(u32, T)>, other: Vec<(u32, T)>, by: u32) {
            own.extend(other.into_iter().map(|(number, one)| (by + number, one)));
        }
        add(&mut self.policies, other.policies, by);
        add(&mut self.sets, other.sets, by);
        add(&mut self.tiers, other.tiers, by);
        add(&mut self.profiles, other.profiles, by);
        self.unenforced.extend(other.unenforced);
    }

    pub(super) fn boundaries(&self) -> Boundaries {
        let mut found = Boundaries::default();
        self.rules().for_each(|(_, _, rule)| rule.boundaries(&mut found));
        found.cidrs.extend(self.sets.iter().flat_map(|(_, set)| &set.nets));
        found.sorted()
    }

    pub(super) fn probes(&self) -> Vec<Probe> {
        let mut found = Vec::new();
        for (_, policy) in &self.policies {
            probes::of_policy(policy, &mut found);
        }
        for (_, profile) in &self.profiles {
            for rule in profile.ingress.iter().chain(&profile.egress) {
                probes::of_rule(rule, Probe::default, &mut found);
            }
        }
        found
    }

    /// What of these objects nothing enforces.
    pub(super) fn ignored(&self) -> Vec<PolicyError> {
        let mut found = self.unenforced.clone();
        let tiers = self.sorted_tiers();
        for (_, policy) in &self.policies {
            if !tiers.iter().any(|tier| tier.name == policy.tier) {
                let reason = format!("there is no tier `{}`: nothing enforces the policy", policy.tier);
                found.push(policy.place.error("spec.tier", reason));
            }
            if let Some(field) = policy.of_hosts {
                let reason = format!("a policy with `{field}` governs hosts and no pod");
                found.push(policy.place.error(&format!("spec.{field}"), reason));
            }
        }
        for (_, profile) in &self.profiles {
            if !["kns.", "ksa."].iter().any(|prefix| profile.name.starts_with(prefix)) {
                let reason = format!(
                    "no pod has the profile `{}`: pods have those of their namespace and service account",
                    profile.name
                );
                found.push(profile.place.error("metadata.name", reason));
            }
        }
        for (place, path, rule) in self.rules() {
            for (name, entity) in [("source", &rule.source), ("destination", &rule.destination)] {
                if entity.whom.service.is_some() {
                    let reason =
                        "where a service ends is not known here: whether the rule matches is left open";
                    found.push(place.error(&format!("{path}.{name}.services"), reason.to_owned()));
                }
            }
            if rule.http {
                let reason = "only a proxy looks into HTTP requests: whether the rule matches is left open";
                found.push(place.error(&format!("{path}.http"), reason.to_owned()));
            }
        }
        found
    }

    /// Every rule with its place and its path.
    fn rules(&self) -> impl Iterator<Item = (&Place, String, &Rule)> {
        fn listed<'r>(list: &'static str, rules: &'r [Rule]) -> impl Iterator<Item = (String, &'r Rule)> {
            rules.iter().enumerate().map(move |(index, rule)| (format!("spec.{list}[{index}]"), rule))
        }
        let of_policies = self.policies.iter().map(|(_, policy)| {
            let [ingress, egress] =
                [&policy.ingress, &policy.egress].map(|rules| rules.as_deref().unwrap_or_default());
            (&policy.place, ingress, egress)
        });
        let of_profiles = self
            .profiles
            .iter()
            .map(|(_, profile)| (&profile.place, profile.ingress.as_slice(), profile.egress.as_slice()));
        of_policies.chain(of_profiles).flat_map(|(place, ingress, egress)| {
            let rules = listed("ingress", ingress).chain(listed("egress", egress));
            rules.map(move |(path, rule)| (place, path, rule))
        })
    }

    fn sorted_tiers(&self) -> Vec<Tier> {
        tiers::sorted(self.tiers.iter().map(|(_, tier)| tier))
    }

    /// The policies of one direction, those of Kubernetes among them.
    pub(super) fn tiers(
        &self,
        kubernetes: &[(u32, kubernetes::Policy)],
        space: &Space,
        points: &Points<'_>,
        _switches: &Switches,
        direction: Direction,
    ) -> Vec<verdict::Tier> {
        let sets = self.sets.iter().map(|(_, set)| set);
        let profiles: Vec<(u32, &Profile)> =
            self.profiles.iter().map(|(number, one)| (*number, one)).collect();
        let endpoints = Endpoints::new(space, points, sets, profiles.iter().map(|(_, profile)| *profile));
        let mut lowering = Lowering::new(Finder::new(space, points, endpoints), space, points, direction);
        let policies: Vec<(u32, &Policy)> = self
            .policies
            .iter()
            .filter(|(_, policy)| policy.of_hosts.is_none())
            .map(|(number, policy)| (*number, policy))
            .collect();
        let of_kubernetes =
            kubernetes::tier(kubernetes, space, points, kubernetes::Reading::Calico, direction);
        let tiers = self.sorted_tiers();
        let mut found =
            tiers::policies(&mut lowering, &tiers, &policies, (kubernetes, of_kubernetes), direction);
        found.extend(tiers::profiles(&mut lowering, &profiles, direction));
        found
    }
}
