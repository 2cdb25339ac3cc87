//! What a CNI lets flow, read from policy bytes: one module a format, each written from that format's own documentation,
//! with its own structs and its own matching, and never from the compiler's lowering.
//!
//! `read` is policy text as the API server takes it, `points` what can be asked of a space, `selector` Kubernetes' label
//! selectors, `verdict` what comes of rules in tiers.

use std::collections::BTreeMap;
use std::fmt;

use rustc_hash::FxHashMap;

use crate::Inventory;
use crate::flow::{Boundaries, Flows, PodPoint, Point, PortRange, Sides, Space};
use crate::labels::Text;

pub mod calico;
pub mod cilium;
pub mod cluster_network_policy;
mod kubernetes;
mod points;
mod probe;
mod read;
mod selector;
mod verdict;

use kubernetes::Direction;
use points::Points;
use read::objects::{Beside, Kind, Manner};
use verdict::Tier;
pub use verdict::{Action, Answer, Matching, RulePath, SideVerdict};

/// Whose objects are enforced together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// NetworkPolicy, as far as its specification says.
    NetworkPolicy,
    /// Cilium's own policies, and NetworkPolicy as Cilium enforces it.
    Cilium,
    /// Calico's own policies, and NetworkPolicy as Calico enforces it.
    Calico,
    /// ClusterNetworkPolicy before and after NetworkPolicy, as far as their specifications say.
    ClusterNetworkPolicy,
}

/// What changes how policies are enforced, with the defaults of a usual cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    pub cilium: cilium::Switches,
    pub calico: calico::Switches,
    pub cluster: cluster_network_policy::Switches,
}

impl Dialect {
    pub const ALL: [Dialect; 4] =
        [Dialect::NetworkPolicy, Dialect::Cilium, Dialect::Calico, Dialect::ClusterNetworkPolicy];

    /// Whether objects of this version and kind are enforced.
    pub fn reads(self, api_version: &str, kind: &str) -> bool {
        self.kinds().iter().any(|known| known.api_version == api_version && known.name == kind)
    }

    fn kinds(self) -> Vec<Kind> {
        let own = match self {
            Dialect::NetworkPolicy => &[],
            Dialect::Cilium => cilium::KINDS,
            Dialect::Calico => calico::KINDS,
            Dialect::ClusterNetworkPolicy => cluster_network_policy::KINDS,
        };
        [&[kubernetes::NETWORK_POLICY], own].concat()
    }
}

/// What is wrong with a policy file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyError {
    pub file: Text,
    /// From 1.
    pub document: u32,
    /// From 1.
    pub line: u32,
    /// The field, as in `spec.ingress[0].from`; empty for the document itself.
    pub path: String,
    pub message: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for PolicyError {}

/// Where an object stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub file: Text,
    /// From 1.
    pub document: u32,
    /// From 1.
    pub line: u32,
}

impl Place {
    fn error(&self, path: &str, message: String) -> PolicyError {
        let Place { file, document, line } = self.clone();
        PolicyError { file, document, line, path: path.to_owned(), message }
    }
}

/// One of the objects that were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub kind: &'static str,
    /// `None` for objects of the whole cluster.
    pub namespace: Option<Text>,
    pub name: Text,
    pub place: Place,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// The policies of a cluster, all of them valid, no two with the same kind, namespace and name.
#[derive(Clone, Debug)]
pub struct Policies {
    dialect: Dialect,
    objects: Vec<Object>,
    /// Each with its object's number, as all of the following.
    kubernetes: Vec<(u32, kubernetes::Policy)>,
    cilium: cilium::Objects,
    calico: calico::Objects,
    cluster: cluster_network_policy::Objects,
}

/// What policies let through. The two sets are disjoint; what is in neither is certainly denied.
#[derive(Clone, Debug, PartialEq)]
pub struct Enforced {
    /// Permitted in every cluster that keeps to the specification.
    pub permitted: Flows,
    /// The specification leaves these open: one network plugin lets them through, another does not.
    pub undefined: Flows,
}

/// What policies say of one flow, on either end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    pub egress: SideVerdict,
    pub ingress: SideVerdict,
}

/// Reads a stream of documents: policies of a dialect, and lists of them. `name` is what errors call the text.
pub fn read(dialect: Dialect, name: &str, text: &str) -> Result<Policies, Vec<PolicyError>> {
    read_all(dialect, &[(name, text)])
}

/// Reads texts that are in force together, each with the name that errors call it by. Whatever is no policy of the dialect
/// is an error.
pub fn read_all(dialect: Dialect, texts: &[(&str, &str)]) -> Result<Policies, Vec<PolicyError>> {
    let mut policies = Policies::none(dialect);
    let (kinds, namespace) = (dialect.kinds(), Text::from("default"));
    let mut manner = Manner { kinds: &kinds, namespace: &namespace, beside: None };
    let mut errors: Vec<PolicyError> =
        texts.iter().flat_map(|(name, text)| policies.decode(name, text, &mut manner)).collect();
    errors.extend(policies.repeated(&[]));
    if errors.is_empty() {
        return Ok(policies);
    }
    errors.sort();
    Err(errors)
}

/// Policies that stood among other objects.
#[derive(Debug)]
pub struct Picked {
    pub policies: Policies,
    /// How many objects that are no policies were passed over, by kind.
    pub passed: BTreeMap<Text, usize>,
    /// Policies that the dialect does not enforce.
    pub foreign: Vec<ForeignPolicy>,
}

/// A policy of another format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignPolicy {
    pub kind: String,
    pub told: PolicyError,
    /// Who enforces it.
    pub dialects: Vec<Dialect>,
}

/// Reads the policies of texts that hold other objects, too: these are passed over. Objects without a namespace are in this
/// one.
pub fn pick_all(
    dialect: Dialect,
    namespace: &str,
    texts: &[(&str, &str)],
) -> Result<Picked, Vec<PolicyError>> {
    let mut policies = Policies::none(dialect);
    let (kinds, namespace, mut beside) = (dialect.kinds(), Text::from(namespace), Beside::default());
    let mut manner = Manner { kinds: &kinds, namespace: &namespace, beside: Some(&mut beside) };
    let mut errors: Vec<PolicyError> =
        texts.iter().flat_map(|(name, text)| policies.decode(name, text, &mut manner)).collect();
    errors.extend(policies.repeated(&[]));
    if !errors.is_empty() {
        errors.sort();
        return Err(errors);
    }
    let foreign = beside.foreign.into_iter().map(|(api_version, kind, told)| {
        let reads = |dialect: &Dialect| dialect.reads(&api_version, &kind);
        ForeignPolicy { dialects: Dialect::ALL.into_iter().filter(reads).collect(), kind, told }
    });
    Ok(Picked { policies, passed: beside.passed, foreign: foreign.collect() })
}

/// Every declared container port: a named port may resolve to it.
pub fn port_boundaries(points: &[Point]) -> Vec<PortRange> {
    let pods = points.iter().filter_map(|point| match point {
        Point::Pod(pod) => Some(pod),
        Point::Address(_) => None,
    });
    let ports = pods.flat_map(|pod| &pod.ports).filter(|port| port.number != 0);
    let range = |port: &crate::inventory::ContainerPort| {
        let (protocol, first) = (port.protocol.into(), port.number);
        PortRange { protocol, first, last: first }
    };
    let mut ranges: Vec<PortRange> = ports.map(range).collect();
    ranges.sort_unstable();
    ranges.dedup();
    ranges
}

impl Policies {
    pub fn none(dialect: Dialect) -> Policies {
        Policies {
            dialect,
            objects: Vec::new(),
            kubernetes: Vec::new(),
            cilium: cilium::Objects::default(),
            calico: calico::Objects::default(),
            cluster: cluster_network_policy::Objects::default(),
        }
    }

    /// Adds what is right of a text, and gives back what is wrong with it.
    fn decode(&mut self, name: &str, text: &str, manner: &mut Manner<'_>) -> Vec<PolicyError> {
        read::objects::objects(name, text, manner, |decoder, found| {
            let number = self.objects.len() as u32;
            let object = if found.kind == kubernetes::NETWORK_POLICY {
                kubernetes::decode(decoder, &found).map(|policy| {
                    let (namespace, name, place) =
                        (Some(policy.namespace.clone()), policy.name.clone(), policy.place.clone());
                    self.kubernetes.push((number, policy));
                    Object { kind: found.kind.name, namespace, name, place }
                })
            } else {
                match self.dialect {
                    Dialect::NetworkPolicy => None,
                    Dialect::Cilium => self.cilium.decode(decoder, &found, number),
                    Dialect::Calico => self.calico.decode(decoder, &found, number),
                    Dialect::ClusterNetworkPolicy => self.cluster.decode(decoder, &found, number),
                }
            };
            self.objects.extend(object);
        })
    }

    /// Objects that are called like one before them, or one of these.
    fn repeated(&self, before: &[Object]) -> Vec<PolicyError> {
        let mut known: FxHashMap<(&str, Option<&str>, &str), &Object> = FxHashMap::default();
        let mut errors = Vec::new();
        for (at, object) in before.iter().chain(&self.objects).enumerate() {
            let key = (object.kind, object.namespace.as_deref(), object.name.as_ref());
            match known.get(&key) {
                Some(first) if at >= before.len() => errors.push(object.place.error(
                    "metadata.name",
                    format!(
                        "the {} `{}`{} stands at {}:{} already",
                        object.kind,
                        object.name,
                        object.namespace.as_ref().map(|n| format!(" of namespace `{n}`")).unwrap_or_default(),
                        first.place.file,
                        first.place.line
                    ),
                )),
                Some(_) => {}
                None => _ = known.insert(key, object),
            }
        }
        errors
    }

    /// Adds what another text of the same dialect held. If both hold an object of one name it is an error, and nothing is
    /// added.
    pub fn extend(&mut self, other: Policies) -> Result<(), Vec<PolicyError>> {
        assert_eq!(self.dialect, other.dialect, "policies of different dialects");
        let errors = other.repeated(&self.objects);
        if !errors.is_empty() {
            return Err(errors);
        }
        let before = self.objects.len() as u32;
        self.objects.extend(other.objects);
        self.kubernetes
            .extend(other.kubernetes.into_iter().map(|(object, policy)| (before + object, policy)));
        self.cilium.extend(other.cilium, before);
        self.calico.extend(other.calico, before);
        self.cluster.extend(other.cluster, before);
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// In the order in which they were read.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// At which a space has to be cut so that all of these policies treat a point and an atom alike. Ports that pods declare
    /// come on top: [`port_boundaries`].
    pub fn boundaries(&self) -> Boundaries {
        let mut all = kubernetes::boundaries(self.kubernetes.iter().map(|(_, policy)| policy));
        all.join(self.cilium.boundaries());
        all.join(self.calico.boundaries());
        all.join(self.cluster.boundaries());
        all.sorted()
    }

    /// Pods that the inventory does not have, by which the selectors of these policies can be told from others.
    pub fn probes(&self, inventory: &Inventory) -> Vec<PodPoint> {
        let mut probes = kubernetes::probes(self.kubernetes.iter().map(|(_, policy)| policy));
        probes.extend(self.cilium.probes());
        probes.extend(self.calico.probes());
        probes.extend(self.cluster.probes());
        probe::pods(probes, inventory)
    }

    /// What of these objects nothing enforces, each with the reason.
    pub fn ignored(&self) -> Vec<PolicyError> {
        [self.cilium.ignored(), self.calico.ignored(), self.cluster.ignored()].concat()
    }

    /// What these policies let through, and nothing but these. The space has to be cut at [`Policies::boundaries`]
    /// and at [`port_boundaries`].
    pub fn enforce(&self, space: &Space, switches: &Switches) -> Enforced {
        let points = Points::new(space);
        let [egress, ingress] = [Direction::Egress, Direction::Ingress]
            .map(|direction| self.tiers(space, &points, switches, direction));
        verdict::enforce(space, &egress, &ingress)
    }

    /// What each end permits by these policies: egress, and ingress. `None` where they may leave something open.
    pub fn sides(&self, space: &Space, switches: &Switches) -> Option<[Sides; 2]> {
        let points = Points::new(space);
        let [egress, ingress] = [Direction::Egress, Direction::Ingress]
            .map(|direction| self.tiers(space, &points, switches, direction));
        verdict::sides(space, &egress, &ingress)
    }

    /// What they say of the flow from one point of a space to another, on an atom of its ports.
    pub fn explain(
        &self,
        space: &Space,
        switches: &Switches,
        (source, destination, atom): (usize, usize, usize),
    ) -> Explanation {
        let points = Points::new(space);
        let side = |direction, point, peer| {
            verdict::explain(space, &self.tiers(space, &points, switches, direction), point, peer, atom)
        };
        Explanation {
            egress: side(Direction::Egress, source, destination),
            ingress: side(Direction::Ingress, destination, source),
        }
    }

    fn tiers(
        &self,
        space: &Space,
        points: &Points<'_>,
        switches: &Switches,
        direction: Direction,
    ) -> Vec<Tier> {
        let kubernetes = &self.kubernetes;
        match self.dialect {
            Dialect::NetworkPolicy => {
                let reading = kubernetes::Reading::Open;
                vec![kubernetes::tier(kubernetes, space, points, reading, direction)]
            }
            Dialect::Cilium => self.cilium.tiers(kubernetes, space, points, &switches.cilium, direction),
            Dialect::Calico => self.calico.tiers(kubernetes, space, points, &switches.calico, direction),
            Dialect::ClusterNetworkPolicy => {
                self.cluster.tiers(kubernetes, space, points, &switches.cluster, direction)
            }
        }
    }
}
