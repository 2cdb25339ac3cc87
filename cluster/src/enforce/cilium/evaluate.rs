//! The verdict, step by step as Cilium comes to it:
//!
//! 1. agents that enforce nothing permit everything; those that always enforce close every endpoint;
//! 2. a spec governs the endpoints that its selector selects: pods, but for those on the host's network;
//! 3. it closes a direction in which it has rules, unless it is told not to;
//! 4. an endpoint that nothing closes permits what no rule denies;
//! 5. a pod's own node gets in unless a rule denies it;
//! 6. a rule that denies beats every rule that allows, whatever else the two say, also those of NetworkPolicy;
//! 7. what no rule of an endpoint that is closed allows is denied;
//! 8. where rules ask for what is said, what one of them asks for is permitted, and everything where another asks for
//!    nothing.
//!
//! What depends on services, clouds, node labels, secrets or protocols that are not known here is possible and not
//! certain.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::identities::Identities;
use super::rules::{Authentication, DefaultDeny, Peers, Policy, Port, PortRule, Rule, Saying, Side, Subject};
use super::saying::{Patterns, within};
use super::{Enforcement, Switches};
use crate::enforce::kubernetes::{self, Direction, Reading};
use crate::enforce::points::{Match, Points};
use crate::enforce::verdict::{self, Action, NO_OBJECT, Ports, RulePath, Tier};
use crate::flow::{Bits, Carrier, PortRange, Space};
use crate::inventory::Protocol;
use crate::labels::Text;

/// Denies come first: whatever they match is decided.
const DENIES: u32 = 0;
const ALLOWS: u32 = 1;

pub(super) fn tier(
    objects: &super::Objects,
    kubernetes: &[(u32, kubernetes::Policy)],
    space: &Space,
    points: &Points<'_>,
    switches: &Switches,
    direction: Direction,
) -> Tier {
    if switches.enforcement == Enforcement::Never {
        return Tier::default();
    }
    let mut evaluator = Evaluator {
        space,
        switches,
        direction,
        identities: Identities::new(space, points, (switches, &objects.groups), direction),
        patterns: Patterns::default(),
        all_ports: Rc::new(Match::surely(space.ports.all())),
        said: FxHashMap::default(),
        numeric: FxHashMap::default(),
        learnt: Vec::new(),
    };
    evaluator.learnt = evaluator.learnt(&objects.policies);
    let mut policies = Vec::new();
    for (object, policy) in &objects.policies {
        evaluator.policy(*object, policy, &mut policies);
    }
    let Switches { cidrs_match_nodes: nodes, cidrs_match_pods: pods, .. } = *switches;
    let theirs = kubernetes::tier(kubernetes, space, points, Reading::Cilium { nodes, pods }, direction);
    policies.extend(theirs.policies.into_iter().map(|policy| verdict::Policy { rank: ALLOWS, ..policy }));
    if switches.enforcement == Enforcement::Always {
        policies.push(verdict::Policy {
            object: NO_OBJECT,
            rank: ALLOWS,
            subjects: Rc::new(Match::surely(evaluator.identities.endpoints.clone())),
            closes: true,
            rules: Vec::new(),
        });
    }
    evaluator.own_node(&mut policies);
    policies.sort_by_key(|policy| policy.rank);
    Tier { policies }
}

struct Evaluator<'p, 's> {
    space: &'s Space,
    switches: &'p Switches,
    direction: Direction,
    identities: Identities<'p, 's>,
    patterns: Patterns<'p>,
    all_ports: Rc<Match>,
    /// What a rule lets be said, of all atoms.
    said: FxHashMap<(&'p Saying, &'p [Text]), Option<Rc<Match>>>,
    /// The atoms of ports that are numbers.
    numeric: FxHashMap<(&'p [PortRule], bool), Rc<Match>>,
    /// Outside addresses by their names, with the pods that may come to know them.
    learnt: Vec<(Bits, Match)>,
}

/// A rule as it is lowered.
#[derive(Clone, Copy)]
struct Lowered<'p> {
    path: RulePath,
    action: Action,
    rule: &'p Rule,
    /// Whether what is said may be anything after all.
    observes: bool,
}

impl<'p> Evaluator<'p, '_> {
    fn policy(&mut self, object: u32, policy: &'p Policy, found: &mut Vec<verdict::Policy>) {
        for spec in &policy.specs {
            let Subject::Pods(selector) = &spec.subject else { continue };
            let (lists, side): (_, &Side) = match self.direction {
                Direction::Ingress => (["ingress", "ingressDeny"], &spec.ingress),
                Direction::Egress => (["egress", "egressDeny"], &spec.egress),
            };
            if side.is_empty() && side.default_deny == DefaultDeny::No {
                continue;
            }
            let subjects = Rc::new(self.identities.subjects(selector));
            if subjects.possible.is_empty() {
                continue;
            }
            let mut add = |rank, subjects: &Rc<Match>, closes, rules| {
                let subjects = Rc::clone(subjects);
                found.push(verdict::Policy { object, rank, subjects, closes, rules });
            };
            if side.default_deny == DefaultDeny::Open {
                let perhaps = Match { certain: Bits::new(), possible: subjects.possible.clone() };
                add(ALLOWS, &Rc::new(perhaps), true, Vec::new());
                continue;
            }
            let path = |list, index| RulePath { spec: spec.number, list, index: index as u32 };
            let mut denies = Vec::new();
            for (index, rule) in side.deny.iter().enumerate() {
                let path = path(lists[1], index);
                self.rule(Lowered { path, action: Action::Deny, rule, observes: false }, &mut denies);
            }
            if !denies.is_empty() {
                add(DENIES, &subjects, false, denies);
            }
            let (mut allows, mut by_name) = (Vec::new(), Vec::new());
            for (index, rule) in side.allow.iter().enumerate() {
                let observes = side.default_deny == DefaultDeny::No;
                let lowered = Lowered { path: path(lists[0], index), action: Action::Allow, rule, observes };
                match &rule.peers {
                    Peers::Names(names) => self.by_name(&subjects, names, lowered, &mut by_name),
                    _ => self.rule(lowered, &mut allows),
                }
            }
            add(ALLOWS, &subjects, side.default_deny == DefaultDeny::Yes, allows);
            for (subjects, rules) in by_name {
                add(ALLOWS, &Rc::new(subjects), false, rules);
            }
        }
    }

    /// Which pods come to know which addresses behind names: those whose questions for the name go through the proxy.
    fn learnt(&mut self, policies: &'p [(u32, Policy)]) -> Vec<(Bits, Match)> {
        if self.direction == Direction::Ingress || self.identities.named().is_empty() {
            return Vec::new();
        }
        let mut by_pattern: FxHashMap<&'p Text, Match> = FxHashMap::default();
        let mut of_all = Match::default();
        for spec in policies.iter().flat_map(|(_, policy)| &policy.specs) {
            let Subject::Pods(selector) = &spec.subject else { continue };
            let asked = spec.egress.allow.iter().flat_map(|rule| &rule.ports);
            let names: Vec<&Text> = asked
                .filter_map(|ports| match &ports.saying {
                    Saying::Dns(names) => Some(names),
                    _ => None,
                })
                .flatten()
                .collect();
            if names.is_empty() {
                continue;
            }
            let subjects = self.identities.subjects(selector);
            if spec.egress.default_deny == DefaultDeny::No {
                of_all.join(&subjects);
            }
            names.into_iter().for_each(|name| by_pattern.entry(name).or_default().join(&subjects));
        }
        let mut learners: FxHashMap<u32, Match> = FxHashMap::default();
        for &(_, point) in self.identities.named() {
            learners.insert(point, of_all.clone());
        }
        for (pattern, subjects) in by_pattern {
            for point in self.identities.reached(pattern) {
                learners.entry(point).or_default().join(&subjects);
            }
        }
        let mut found: Vec<(Bits, Match)> = Vec::new();
        let mut learners: Vec<(u32, Match)> = learners.into_iter().collect();
        learners.sort_unstable_by_key(|(point, _)| *point);
        for (point, subjects) in learners {
            match found.iter_mut().find(|(_, known)| *known == subjects) {
                Some((points, _)) => _ = points.insert(point),
                None => found.push((Bits::from_iter([point]), subjects)),
            }
        }
        found
    }

    fn by_name(
        &mut self,
        subjects: &Match,
        names: &'p [Text],
        lowered: Lowered<'p>,
        found: &mut Vec<(Match, Vec<verdict::Rule>)>,
    ) {
        let mut reached = Bits::new();
        names.iter().for_each(|name| reached |= self.identities.reached(name));
        let learnt = std::mem::take(&mut self.learnt);
        for (points, learners) in &learnt {
            let (peers, knowing) = (&reached & points, subjects.and(learners));
            if !peers.is_empty() && !knowing.possible.is_empty() {
                let mut rules = Vec::new();
                self.with_peers(lowered, Rc::new(Match::surely(peers)), &mut rules);
                found.push((knowing, rules));
            }
        }
        self.learnt = learnt;
    }

    fn rule(&mut self, lowered: Lowered<'p>, written: &mut Vec<verdict::Rule>) {
        let peers = match &lowered.rule.peers {
            Peers::Anyone => Rc::clone(&self.identities.everyone),
            Peers::These(peers) => self.identities.peers(peers),
            Peers::Nobody | Peers::Names(_) => return,
        };
        self.with_peers(lowered, peers, written);
    }

    fn with_peers(&mut self, lowered: Lowered<'p>, peers: Rc<Match>, written: &mut Vec<verdict::Rule>) {
        let Lowered { path, action, rule, observes } = lowered;
        let peers = match rule.authentication {
            Authentication::None => peers,
            Authentication::Required => {
                Rc::new(Match { certain: Bits::new(), possible: peers.possible.clone() })
            }
            Authentication::AlwaysFails => return,
        };
        if peers.possible.is_empty() {
            return;
        }
        let mut add = |peers: &Rc<Match>, ports: Ports| {
            written.push(verdict::Rule { path, action, peers: Rc::clone(peers), ports });
        };
        if rule.ports.is_empty() {
            return add(&peers, Ports::These(Rc::clone(&self.all_ports)));
        }
        for ports in &rule.ports {
            for port in &ports.ports {
                let Port::Name { protocols, name } = port else { continue };
                let said = if observes { None } else { self.said(ports) };
                if self.direction == Direction::Ingress {
                    let saying = self.with_sctp(said, protocols);
                    add(&peers, Ports::Own { name: name.clone(), protocols, saying });
                    continue;
                }
                for &protocol in protocols.iter() {
                    for (number, declaring) in self.identities.points.named_port(name, protocol) {
                        let declaring = declaring & &self.identities.endpoints;
                        let among = peers.and(&Match::surely(declaring));
                        if !among.possible.is_empty() {
                            let range = PortRange { protocol: protocol.into(), first: number, last: number };
                            let atoms =
                                self.settle(within(self.space, range, said.as_deref()), protocol.into());
                            add(&Rc::new(among), Ports::These(Rc::new(atoms)));
                        }
                    }
                }
            }
        }
        let numeric = self.numeric(&rule.ports, observes);
        if !numeric.possible.is_empty() {
            add(&peers, Ports::These(numeric));
        }
    }

    fn numeric(&mut self, rules: &'p [PortRule], observes: bool) -> Rc<Match> {
        if let Some(known) = self.numeric.get(&(rules, observes)) {
            return Rc::clone(known);
        }
        let mut all = Match::default();
        for rule in rules {
            let said = if observes { None } else { self.said(rule) };
            for range in rule.ports.iter().flat_map(Port::ranges) {
                all.join(&self.settle(within(self.space, range, said.as_deref()), range.protocol));
            }
        }
        let all = Rc::new(all);
        self.numeric.insert((rules, observes), Rc::clone(&all));
        all
    }

    /// What agents of other settings hold otherwise is not certain.
    fn settle(&self, atoms: Match, carrier: Carrier) -> Match {
        let Switches { sctp, icmp_rules, extended_protocols, .. } = *self.switches;
        let heeded = match carrier {
            Carrier::Tcp | Carrier::Udp => true,
            Carrier::Sctp => sctp,
            Carrier::Icmp | Carrier::Icmpv6 => icmp_rules,
            Carrier::Other => extended_protocols,
        };
        if heeded { atoms } else { Match { certain: Bits::new(), ..atoms } }
    }

    /// As [`Evaluator::settle`], of ports that are not known yet.
    fn with_sctp(&self, said: Option<Rc<Match>>, protocols: &[Protocol]) -> Option<Rc<Match>> {
        if self.switches.sctp || !protocols.contains(&Protocol::Sctp) {
            return said;
        }
        let said = said.unwrap_or_else(|| Rc::clone(&self.all_ports));
        let certain = &said.certain - self.space.ports.of(PortRange::all(Carrier::Sctp));
        Some(Rc::new(Match { certain, possible: said.possible.clone() }))
    }

    fn said(&mut self, rule: &'p PortRule) -> Option<Rc<Match>> {
        let (space, patterns) = (self.space, &mut self.patterns);
        let asked = (&rule.saying, rule.server_names.as_slice());
        self.said.entry(asked).or_insert_with(|| patterns.said(space, rule).map(Rc::new)).clone()
    }

    /// Lets a pod's own node in wherever a policy closes.
    fn own_node(&self, policies: &mut [verdict::Policy]) {
        let host = Rc::new(self.identities.host());
        if self.direction == Direction::Egress || !self.switches.allow_localhost || host.possible.is_empty() {
            return;
        }
        let path = RulePath { spec: None, list: "ingress", index: 0 };
        for policy in policies.iter_mut().filter(|policy| policy.closes) {
            let (peers, ports) = (Rc::clone(&host), Ports::These(Rc::clone(&self.all_ports)));
            policy.rules.push(verdict::Rule { path, action: Action::Allow, peers, ports });
        }
    }
}
