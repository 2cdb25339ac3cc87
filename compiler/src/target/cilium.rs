//! Cilium (cilium.io/v2): from a bound relation to objects. CiliumNetworkPolicies for what belongs to a namespace,
//! CiliumClusterwideNetworkPolicies for what spans namespaces, tomorrow's included.

mod http;
pub mod objects;
mod rules;
mod selector;

use std::collections::BTreeSet;

use weir_grammar::ast::Direction;

use objects::{DefaultDeny, Policy, Rule, Spec};
use rules::Spelling;

use super::draft::{self, Draft, Reach, Subject};
use super::merge::{self, Merged, SomePeers};
use super::names::Names;
use super::non_empty::NonEmpty;
use super::object::Metadata;
use super::peer::{Peer, Peers};
use super::{Object, Options, Target, deny};
use crate::facts::Facts;
use crate::relation::Relation;
use crate::resolve::program::{Ends, Program};

const API: &str = "cilium.io/v2";

pub(super) fn lower(
    options: &Options,
    relation: &Relation,
    program: &Program,
    facts: &Facts<'_>,
) -> Vec<Object> {
    let peers = Peers {
        facts,
        entities: true,
        ranges_hold_cluster: facts.cni.cidrs_may_match_cluster(),
        program: None,
    };
    let spelling = Spelling { cluster: facts.cni.mesh_name() };
    let lowering = Lowering { program, facts, peers: &peers, spelling };
    let drafts = draft::drafts(relation, facts, &peers, Reach::Cluster);
    let denied = deny::drafts(relation, Target::Cilium, options, &peers, Reach::Cluster);
    let mut names = Names::of(facts.inventory, drafts.keys());
    let mut objects = Vec::new();
    for (subject, draft) in drafts {
        let name = names.take(&subject);
        objects.push(Object::Cilium(Box::new(lowering.permit(name, &subject, draft))));
    }
    let mut names = Names::denying(facts.inventory, denied.keys());
    for (subject, draft) in denied {
        let name = names.take(&subject);
        objects.push(Object::Cilium(Box::new(lowering.deny(name, &subject, draft))));
    }
    objects
}

struct Lowering<'a> {
    program: &'a Program,
    facts: &'a Facts<'a>,
    peers: &'a Peers<'a>,
    spelling: Spelling<'a>,
}

impl Lowering<'_> {
    /// What closes pods but for its rules.
    fn permit(&self, name: String, subject: &Subject, draft: Draft) -> Policy {
        let closed = draft.directions.clone();
        let closes = |direction| closed.contains(&direction);
        let enable_default_deny =
            DefaultDeny { ingress: closes(Direction::Ingress), egress: closes(Direction::Egress) };
        let names_hosts = names_hosts(&draft);
        let mut merged = merge::merged(draft);
        let rules = |merged: &mut Merged, direction, learnt: Vec<Rule>| {
            let own = merged.directions.remove(&direction)?;
            let mut all = self.spelling.rules(&own, direction);
            all.extend(learnt);
            // What is closed to everybody has a rule for nobody: no list may be empty.
            NonEmpty::new(all).or_else(|| closes(direction).then(|| NonEmpty::of(Rule::default())))
        };
        let learnt = if names_hosts { self.learning_names() } else { Vec::new() };
        let spec = Spec {
            endpoint_selector: selector::of_subject(subject),
            enable_default_deny,
            ingress: rules(&mut merged, Direction::Ingress, Vec::new()),
            egress: rules(&mut merged, Direction::Egress, learnt),
            ingress_deny: None,
            egress_deny: None,
        };
        self.policy(name, subject, &merged.sentences, spec)
    }

    /// What denies, whoever permits it, and closes nothing else.
    fn deny(&self, name: String, subject: &Subject, draft: Draft) -> Policy {
        let mut merged = merge::merged(draft);
        let mut rules = |direction| {
            let own = merged.directions.remove(&direction)?;
            NonEmpty::new(self.spelling.rules(&own, direction))
        };
        let spec = Spec {
            endpoint_selector: selector::of_subject(subject),
            enable_default_deny: DefaultDeny { ingress: false, egress: false },
            ingress: None,
            egress: None,
            ingress_deny: rules(Direction::Ingress),
            egress_deny: rules(Direction::Egress),
        };
        self.policy(name, subject, &merged.sentences, spec)
    }

    fn policy(
        &self,
        name: String,
        subject: &Subject,
        sentences: &BTreeSet<crate::resolve::program::SentenceId>,
        spec: Spec,
    ) -> Policy {
        let namespace = subject.home.namespace();
        let kind = if namespace.is_some() { objects::NAMESPACED } else { objects::CLUSTERWIDE };
        let metadata = Metadata::new(name, namespace, sentences, self.program);
        Policy { api_version: API, kind, metadata, spec }
    }

    /// Cilium knows the addresses of names from answers of the DNS that pass its proxy.
    fn learning_names(&self) -> Vec<Rule> {
        let dns = &self.facts.dns;
        let ends = [Ends::Pods(dns.pods.clone()), Ends::Exactly(dns.caches.clone())];
        let peers = SomePeers::new(self.peers.of(&ends, Direction::Egress, None));
        let kinds = peers.map(|peers| self.spelling.peers(&peers, Direction::Egress)).unwrap_or_default();
        kinds.into_iter().map(rules::learning_names).collect()
    }
}

fn names_hosts(draft: &Draft) -> bool {
    let rules = draft.rules.get(&Direction::Egress);
    rules.into_iter().flatten().any(|rule| rule.peers.iter().any(|peer| matches!(peer, Peer::Host(_))))
}
