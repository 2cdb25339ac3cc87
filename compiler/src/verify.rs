//! Holds what policy objects enforce against what a program means: flow by flow, on the bytes that were written. Knows
//! nothing of how they came about.
//!
//! The universe is that of the language: today's classes of pods, newcomers, a pod for each selector of the program that
//! nothing matches, and for each selector of the objects pods that tell it from its neighbours; addresses and ports cut wherever program or objects cut them. Outside of it are pods
//! that reach themselves, nodes that reach their own pods, replies, and what no packet can be.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use weir_cluster::enforce::{self, Action, Dialect, Enforced, Explanation, Policies, PolicyError, Switches};
use weir_cluster::flow::{
    AddressKind, BEYOND_PORTS, Bits, Carrier, FlowBox, Flows, Payload, Point, PortRange, Space, TooComplex,
};

use crate::cni::Plugin;
use crate::decide::{self, Decision};
use crate::diagnostic::{Code, Diagnostic};
use crate::facts::Facts;
use crate::meaning;
use crate::relation::{Grant, Relation};
use crate::resolve::program::Program;
use crate::spoken::{self, Spoken};
use crate::target::{Denials, Options, Target, aws};
use crate::threads;

mod probes;

/// A program as far as a proof goes.
pub(crate) struct Claim<'a> {
    pub program: &'a Program,
    /// As it is written.
    pub meant: &'a Relation,
    /// As far as the target can hold it for what comes later.
    pub bound: &'a Relation,
    pub target: Target,
    pub options: &'a Options,
    pub facts: &'a Facts<'a>,
}

/// What came of a proof.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// Errors where objects and program differ, notes where the format leaves something open. Without errors the objects
    /// let flow what the program means, and nothing else.
    pub diagnostics: Vec<Diagnostic>,
    pub objects: usize,
    /// Points and port atoms over which flows were compared.
    pub points: usize,
    pub atoms: usize,
}

impl Proof {
    pub fn holds(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// The objects that a target's plugin enforces together.
pub(crate) fn dialect(target: Target) -> Dialect {
    match target {
        Target::NetworkPolicy => Dialect::NetworkPolicy,
        Target::Cilium => Dialect::Cilium,
        Target::Calico => Dialect::Calico,
        Target::ClusterNetworkPolicy => Dialect::ClusterNetworkPolicy,
    }
}

/// What the cluster's plugin has switched on, as evaluators ask it.
pub(crate) fn switches(facts: &Facts<'_>) -> Switches {
    let mut switches = Switches::default();
    switches.cilium.cidrs_match_nodes = facts.cni.cidrs_match_nodes();
    switches.cilium.cidrs_match_pods = facts.cni.cidrs_match_pods();
    switches.cilium.cluster = facts.cni.mesh_name().map(Into::into);
    switches
}

/// Proves that these texts enforce what a program means, or says by one flow where they do not.
pub(crate) fn verify(claim: &Claim<'_>, texts: &[(&str, &str)]) -> Proof {
    match read(dialect(claim.target), texts) {
        Ok(policies) => verify_policies(claim, policies),
        Err(errors) => Proof { diagnostics: vec![unreadable(&errors)], ..Proof::default() },
    }
}

/// The same of objects that were read already.
pub(crate) fn verify_policies(claim: &Claim<'_>, policies: Policies) -> Proof {
    let objects = policies.len();
    match Judge::new(claim, policies) {
        Ok(judge) => {
            let (points, atoms) = (judge.space.points.len(), judge.space.ports.len());
            Proof { diagnostics: judge.diagnostics(), objects, points, atoms }
        }
        Err(TooComplex(pattern)) => {
            let message = "what the objects enforce cannot be proved";
            let said = Diagnostic::error(Code::E0603, message)
                .with_note(format!("the pattern `{pattern}` has more states than can be looked at"))
                .with_help("ask for less in one sentence, or put these requests on ports of their own");
            Proof { diagnostics: vec![said], objects, ..Proof::default() }
        }
    }
}

/// Texts in stretches: they are read alone, and held against each other.
pub(crate) fn read(dialect: Dialect, texts: &[(&str, &str)]) -> Result<Policies, Vec<PolicyError>> {
    let read = threads::in_stretches(threads::cores().min(texts.len()), texts.len(), |range| {
        enforce::read_all(dialect, &texts[range])
    });
    let mut all = Policies::none(dialect);
    let mut errors = Vec::new();
    for policies in read {
        match policies {
            Ok(policies) => errors.extend(all.extend(policies).err().unwrap_or_default()),
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() { Ok(all) } else { Err(errors) }
}

/// Text of policies that nobody would take.
fn unreadable(errors: &[PolicyError]) -> Diagnostic {
    let mut said = Diagnostic::error(Code::E0602, "policy objects that cannot be read");
    for error in errors.iter().take(3) {
        said = said.with_note(error.to_string());
    }
    if errors.len() > 3 {
        said = said.with_note(format!("and {} more", errors.len() - 3));
    }
    said
}

struct Judge<'a> {
    claim: &'a Claim<'a>,
    policies: Policies,
    switches: Switches,
    space: Space,
}

impl<'a> Judge<'a> {
    fn new(claim: &'a Claim<'a>, policies: Policies) -> Result<Judge<'a>, TooComplex> {
        let Claim { meant, bound, target, facts, .. } = *claim;
        let mut boundaries = policies.boundaries();
        boundaries.join(meaning::boundaries(meant, facts));
        boundaries.join(meaning::boundaries(bound, facts));
        // On NetworkPolicy what has no ports is every plugin's own affair.
        if target != Target::NetworkPolicy {
            boundaries.ports.extend(BEYOND_PORTS);
        }
        let mut newcomers = Space::newcomers(facts.inventory);
        newcomers.extend(policies.probes(facts.inventory));
        newcomers.extend(probes::of([meant, bound], facts));
        let mut space = Space::of(facts.inventory, newcomers, &boundaries.sorted())?;
        space.pod_ranges = pod_ranges(facts);
        Ok(Judge { claim, policies, switches: switches(facts), space })
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        if self.ends_agree() {
            return Vec::new();
        }
        let (Enforced { permitted, undefined }, meant) = threads::both(
            || self.policies.enforce(&self.space, &self.switches),
            || meaning::allowed(self.claim.meant, self.denials(), self.claim.facts, &self.space),
        );
        let mut opened = permitted.minus(&meant);
        let mut closed = meant.minus(&permitted).minus(&undefined);
        if !opened.is_empty() || !closed.is_empty() {
            let outside = Flows::from_boxes(&self.space, &outside(&self.space));
            opened = opened.minus(&outside);
            closed = closed.minus(&outside);
        }
        if !opened.is_empty() || !closed.is_empty() {
            // What is bound to today's inventory was said where it was bound.
            let bound = meaning::held(&self.bound(), self.denials(), self.claim.facts, &self.space);
            let later = Flows::from_boxes(&self.space, &later(&self.space));
            opened = opened.minus(&bound.minus(&meant).intersect(&later));
            closed = closed.minus(&meant.minus(&bound).intersect(&later));
        }
        let mut found = Vec::new();
        found.extend(self.opened(&opened));
        found.extend(self.closed(&closed));
        found.extend(self.left_open(&undefined));
        found
    }

    /// Whether every endpoint permits by the objects what it permits by the program. It is the usual case, and quickly seen.
    fn ends_agree(&self) -> bool {
        let (enforced, meant) = threads::both(
            || self.policies.sides(&self.space, &self.switches),
            || meaning::sides(self.claim.meant, self.denials(), self.claim.facts, &self.space),
        );
        let (Some([egress, ingress]), Some([out, into])) = (enforced, meant) else { return false };
        let (out, into) =
            threads::both(|| egress.agree(&out, &self.space), || ingress.agree(&into, &self.space));
        out && into
    }

    /// What the target holds; on AWS with services in place of the workloads that they are one thing with.
    fn bound(&self) -> Cow<'a, Relation> {
        let Claim { program, bound, facts, .. } = *self.claim;
        if !facts.cni.is(Plugin::AwsVpcCni) {
            return Cow::Borrowed(bound);
        }
        let mut whole = bound.clone();
        for grant in &bound.grants {
            let to = aws::egress_peers(grant, program, facts).into_owned();
            whole.grants.push(Arc::new(Grant { to, ..Grant::clone(grant) }));
        }
        Cow::Owned(whole)
    }

    fn denials(&self) -> Denials<'a> {
        Denials::of(self.claim.target, self.claim.options, self.claim.facts)
    }

    fn words(&self) -> Spoken<'_> {
        Spoken { facts: self.claim.facts, space: &self.space }
    }

    /// One flow of a difference, in words, with what both sides say of it.
    fn witness(&self, flows: &Flows) -> Option<(String, Decision, Explanation)> {
        let (source, destination, first) = spoken::first_between_two(flows, &self.space)?;
        let words = self.words();
        let (atom, all) = words.telling(flows, source, destination, first);
        let port = if all { "on every port".to_owned() } else { words.on(atom) };
        let flow = (source, destination, atom);
        let decision = decide::decide(self.claim.meant, self.claim.facts, &self.space, flow);
        let explanation = self.policies.explain(&self.space, &self.switches, flow);
        Some((
            format!("{} -> {} {port}", words.point(source), words.point(destination)),
            decision,
            explanation,
        ))
    }

    fn opened(&self, flows: &Flows) -> Option<Diagnostic> {
        let (flow, decision, explanation) = self.witness(flows)?;
        let mut said =
            Diagnostic::error(Code::E0601, "the objects let through what the program does not permit");
        for guard in decision.leaving.iter().chain(&decision.entering) {
            let place = crate::check::guard_place(self.claim.program, *guard);
            if !said.labels.iter().any(|label| label.place == place) {
                said = said.at(place, "closes it");
            }
        }
        said = said.with_note(format!("for one: {flow}"));
        let rules = self.rules(&explanation, Action::Allow);
        if rules.is_empty() {
            said = said.with_note("no object closes it at either end");
        }
        Some(rules.into_iter().fold(said, Diagnostic::with_note))
    }

    fn closed(&self, flows: &Flows) -> Option<Diagnostic> {
        let (flow, decision, explanation) = self.witness(flows)?;
        let mut said = Diagnostic::error(Code::E0601, "the objects stop what the program permits");
        for grant in &decision.grants {
            said = said.at(self.claim.program.get(*grant).place, "permits it");
        }
        said = said.with_note(format!("for one: {flow}"));
        if decision.grants.is_empty() {
            said = said.with_note("the program closes neither end");
        }
        let mut rules = self.rules(&explanation, Action::Deny);
        if rules.is_empty() {
            let objects = self.policies.objects();
            for (side, way) in [(&explanation.egress, "leaves"), (&explanation.ingress, "enters")] {
                if side.answer != enforce::Answer::Permitted
                    && let Some(object) = side.governing.first()
                {
                    rules.push(format!(
                        "{} closes what {way} there, and no rule permits it",
                        objects[*object as usize]
                    ));
                }
            }
        }
        Some(rules.into_iter().fold(said, Diagnostic::with_note))
    }

    /// The rules that decide a flow, by their object.
    fn rules(&self, explanation: &Explanation, action: Action) -> Vec<String> {
        let objects = self.policies.objects();
        let verb = if action == Action::Deny { "denies" } else { "permits" };
        let sides = [&explanation.egress, &explanation.ingress];
        let matching = sides.into_iter().flat_map(|side| &side.matching).filter(|rule| rule.action == action);
        let said = |rule: &enforce::Matching| {
            let object = &objects[rule.object as usize];
            format!("{} {verb} it by `{}` ({}:{})", object, rule.path, object.place.file, object.place.line)
        };
        matching.take(3).map(said).collect()
    }

    /// Whether a ping passes is every plugin's own affair where NetworkPolicies guard: that is said once, in the docs.
    fn left_open(&self, undefined: &Flows) -> Option<Diagnostic> {
        let ports = &self.space.ports;
        let has_ports = |at: &u32| ports.atom(*at as usize).protocol.protocol().is_some();
        let ports: Bits = (0..ports.len() as u32).filter(has_ports).collect();
        let all: Bits = (0..self.space.points.len() as u32).collect();
        let told =
            Flows::from_boxes(&self.space, &[FlowBox { sources: all.clone(), destinations: all, ports }]);
        let (flow, ..) = self.witness(&undefined.intersect(&told))?;
        let message = "the format leaves some flows open: network plugins differ";
        let said = Diagnostic::note(Code::E0604, message).with_note(format!("for one: {flow}"));
        Some(match self.space.pod_ranges.is_empty() && !self.policies.boundaries().cidrs.is_empty() {
            true => said.with_help(
                "nobody knows where pods have their addresses: tell `pods = [\"10.244.0.0/16\"]` of the cluster in `weir.toml`, or dump its nodes",
            ),
            false => said,
        })
    }
}

/// Where pods have their addresses, as far as inventory or project tell.
pub(crate) fn pod_ranges(facts: &Facts<'_>) -> Vec<IpNet> {
    let known = if facts.knows_pod_ranges() { facts.pod_ranges().blocks() } else { Vec::new() };
    known.into_iter().map(|block| block.cidr).collect()
}

/// What no packet can be, and what is outside of every sentence: messages of one family to addresses of the other, and
/// what is no question where the plugin's proxy for the DNS listens.
pub(crate) fn outside(space: &Space) -> Vec<FlowBox> {
    let all: Bits = (0..space.points.len() as u32).collect();
    let family = |v6: bool| -> Bits {
        let of = |(at, point): (u32, &Point)| match point {
            Point::Address(address) if matches!(address.first, IpAddr::V6(_)) == v6 => Some(at),
            _ => None,
        };
        (0u32..).zip(&space.points).filter_map(of).collect()
    };
    let mut boxes = Vec::new();
    for (carrier, others) in [(Carrier::Icmp, family(true)), (Carrier::Icmpv6, family(false))] {
        let ports = space.ports.of(PortRange::all(carrier));
        boxes.push(FlowBox { sources: all.clone(), destinations: others.clone(), ports: ports.clone() });
        boxes.push(FlowBox { sources: others, destinations: all.clone(), ports });
    }
    // What a pod's own node says to it.
    let is_own = |(at, point): (u32, &Point)| match point {
        Point::Address(address) if address.kind == AddressKind::Local => Some(at),
        _ => None,
    };
    let own: Bits = (0u32..).zip(&space.points).filter_map(is_own).collect();
    boxes.push(FlowBox { sources: own, destinations: all.clone(), ports: space.ports.all() });
    let asks = |atom: usize| matches!(space.ports.payload(atom), Some(Payload::DnsQuery(_)));
    let asked: Vec<PortRange> =
        (0..space.ports.len()).filter(|atom| asks(*atom)).map(|atom| space.ports.atom(atom)).collect();
    let is_plain = |atom: &u32| {
        let atom = *atom as usize;
        space.ports.payload(atom).is_none() && asked.contains(&space.ports.atom(atom))
    };
    let ports: Bits = (0..space.ports.len() as u32).filter(is_plain).collect();
    boxes.push(FlowBox { sources: all.clone(), destinations: all, ports });
    boxes
}

/// Flows one of whose ends is not there today.
fn later(space: &Space) -> Vec<FlowBox> {
    let is_new = |(at, point): (u32, &Point)| match point {
        Point::Pod(pod) if pod.class.is_none() => Some(at),
        _ => None,
    };
    let new: Bits = (0u32..).zip(&space.points).filter_map(is_new).collect();
    let all: Bits = (0..space.points.len() as u32).collect();
    let ports = space.ports.all();
    vec![
        FlowBox { sources: new.clone(), destinations: all.clone(), ports: ports.clone() },
        FlowBox { sources: all, destinations: new, ports },
    ]
}
