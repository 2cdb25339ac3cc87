//! Sentences: which kinds of sets may stand where, and what a posture or a grant says once its words are known.

use weir_grammar::ast::{self, Absent, Base, Builtin, Operand, Set, SetOp, Statement, Subject};
use weir_grammar::format;

use super::names::{self, Named};
use super::program::{
    Denotation, Ends, Grant, Mentions, Part, Ports, Posture, Program, Sentence, SentenceKind, Thing,
};
use super::{Resolver, Scope};
use crate::diagnostic::{Code, Diagnostic};
use crate::selector::{Constraint, PodSet};

impl<'a> Resolver<'a> {
    pub(super) fn statements(&mut self, statements: &'a [Statement], scope: Scope, program: &mut Program) {
        for statement in statements {
            match statement {
                Statement::Let(_) => {}
                Statement::Error(_) => program.incomplete = true,
                Statement::Block(ast::Block { head: ast::BlockHead::Namespace(name), body, .. }) => {
                    if let Some(namespace) = self.known_namespace(name, scope) {
                        let inner = Scope { namespace: Some(namespace), ..scope };
                        self.statements(body, inner, program);
                    } else {
                        program.incomplete = true;
                    }
                }
                Statement::Sentence(sentence) if self.is_broken(scope.place(sentence.span)) => {
                    program.incomplete = true;
                }
                Statement::Sentence(sentence) => {
                    let absent = sentence.clauses.absent.map(|(absent, _)| absent);
                    if let Some(kind) = self.sentence(sentence, Scope { absent, ..scope }) {
                        program.sentences.push(Sentence {
                            place: scope.place(sentence.span),
                            source: self.source_of(sentence, scope),
                            library: self.sources.get(scope.file).library,
                            has_reason: sentence.clauses.because.is_some(),
                            kind,
                        });
                    } else {
                        program.incomplete = true;
                    }
                }
                _ => program.incomplete = true,
            }
        }
    }

    /// How objects name a sentence: its file and canonical text, and the block it stands in.
    fn source_of(&self, sentence: &ast::Sentence, scope: Scope) -> String {
        let file = &self.sources.get(scope.file).name;
        let text = format::sentence(sentence);
        match scope.namespace {
            None => format!("{file}: {text}"),
            Some(namespace) => {
                let namespace = format::after_slash(self.facts.namespace_name(namespace));
                format!("{file}: in namespace {namespace} {{ {text} }}")
            }
        }
    }

    fn sentence(&mut self, sentence: &'a ast::Sentence, scope: Scope) -> Option<SentenceKind> {
        match &sentence.kind {
            ast::SentenceKind::Posture(posture) => self.posture(posture, scope).map(SentenceKind::Posture),
            ast::SentenceKind::Reach(reach) => self.grant(reach, scope).map(SentenceKind::Grant),
        }
    }

    fn posture(&mut self, posture: &ast::Posture, scope: Scope) -> Option<Posture> {
        let scope = Scope { guards: true, ..scope };
        let (subject, span) = match &posture.subject {
            Subject::EachNamespace(span) => {
                let place = scope.place(*span);
                let part = Part { place, thing: Thing::Pods, ends: Ends::Pods(PodSet::all()) };
                (Denotation { parts: vec![part], ..Denotation::default() }, *span)
            }
            Subject::Set(set) => {
                if scope.namespace.is_some()
                    && let Some(anyone) = built_in(set, Builtin::Anyone)
                {
                    let place = scope.place(anyone.span);
                    self.report(
                        Diagnostic::error(
                            Code::E0312,
                            "`anyone` is every pod of the cluster, inside a block too",
                        )
                        .at(place, "guards pods of other namespaces")
                        .with_help("write `pods` for the pods of this namespace")
                        .suggest("the pods of this namespace", place, "pods"),
                    );
                    return None;
                }
                (self.set_without_ports(set, scope)?, set.span)
            }
        };
        let place = scope.place(span);
        let mut fine = true;
        let mut pods = Vec::new();
        for part in &subject.parts {
            match &part.ends {
                Ends::Pods(some) => pods.push(some.clone()),
                Ends::Exactly(_) | Ends::Nodes if matches!(part.thing, Thing::Dns(_)) => {}
                other => {
                    fine = false;
                    self.report_no_pods(part, other);
                }
            }
        }
        fine &= self.check_host_network(&subject);
        for part in subject.parts.iter().filter(|part| matches!(part.thing, Thing::Service(_))) {
            fine &= self.check_any_governed(part);
        }
        self.check_all_catches(subject.parts.iter());
        let subject_pods = PodSet::union(pods);
        if posture.each.is_some() && subject_pods.terms().iter().any(|term| !term.pods.is_empty()) {
            fine = false;
            self.report(
                Diagnostic::error(Code::E0309, "`each` needs a group of namespaces")
                    .at(place, "these are single pods")
                    .with_help("write `each namespace`, `each namespaces[key=value]` or `each team-*`"),
            );
        }
        if scope.absent == Some(Absent::EvenIfAbsent) && self.guards_nothing(&subject_pods) {
            fine = false;
            self.report(
                Diagnostic::error(Code::E0314, "this posture would guard nothing")
                    .at(place, "no namespace for it exists")
                    .with_help("name the namespace that is to come: `namespace NAME locked even if absent`"),
            );
        }
        let direction = posture.direction.map(|(direction, _)| direction);
        fine.then(|| Posture {
            word: posture.word,
            word_place: scope.place(posture.word_span),
            subject_place: place,
            each: posture.each.is_some(),
            planned: scope.absent == Some(Absent::EvenIfAbsent),
            one_group: matches!(&posture.subject, Subject::Set(set) if is_group(set)),
            ingress: direction != Some(ast::Direction::Egress),
            egress: direction != Some(ast::Direction::Ingress),
            subject: subject_pods,
            mentions: subject.mentions,
        })
    }

    fn guards_nothing(&self, pods: &PodSet) -> bool {
        pods.terms().iter().all(|term| {
            let named = term.namespaces.names_only().and_then(Constraint::one_of).is_some();
            !named && term.namespaces.namespaces(self.facts.inventory).is_empty()
        })
    }

    fn report_no_pods(&mut self, part: &Part, ends: &Ends) {
        if let Thing::Service(_) = part.thing {
            let text = self.sources.text(part.place);
            self.report(
                Diagnostic::error(Code::E0317, format!("`{text}` has no pods to guard"))
                    .at(part.place, "a service without a selector"),
            );
            return;
        }
        self.report(
            Diagnostic::error(Code::E0301, "only pods can be guarded")
                .at(part.place, these_are(ends))
                .with_help("to close the way to it, guard the egress of the pods: `namespace shop locked for egress`"),
        );
    }

    /// A workload on the host network has the node's address: policies neither guard it nor see it as a pod.
    fn check_host_network(&mut self, denotation: &Denotation) -> bool {
        let inventory = self.facts.inventory;
        let mut fine = true;
        for &(workload, place) in &denotation.mentions.workloads {
            let found = &inventory.workloads[workload.index()];
            let governed = found.classes.iter().any(|class| !self.facts.host_network.contains(class.0));
            if !found.host_network || governed {
                continue;
            }
            fine = false;
            let name = names::spelled(inventory, Named::Workload(workload), false);
            self.report(
                Diagnostic::error(Code::E0310, format!("`{name}` runs on the host network"))
                    .at(place, "has its node's address, and no policy tells it from its node")
                    .with_help("write `nodes` if its nodes are meant; its own traffic cannot be closed"),
            );
        }
        fine
    }

    /// A set by label or namespace leaves pods on the host network out; one that is nothing else grants nothing.
    fn check_any_governed(&mut self, part: &Part) -> bool {
        let (Thing::Pods | Thing::Service(_), Ends::Pods(pods)) = (part.thing, &part.ends) else {
            return self.check_any_outside(part);
        };
        let classes = pods.classes(self.facts.inventory);
        if classes.is_empty() || !classes.is_subset(&self.facts.host_network) {
            return true;
        }
        self.report(
            Diagnostic::error(Code::E0310, "all of these pods run on the host network")
                .at(part.place, "they have their nodes' addresses, and no policy tells them from their nodes")
                .with_help("write `nodes` if their nodes are meant; their own traffic cannot be closed"),
        );
        false
    }

    /// A range of nothing but the cluster's own addresses is written by the names of what has them.
    fn check_any_outside(&mut self, part: &Part) -> bool {
        let Ends::Outside(addresses) = &part.ends else { return true };
        if addresses.is_empty() || !addresses.minus(self.facts.own_addresses()).is_empty() {
            return true;
        }
        let text = self.sources.text(part.place);
        self.report(
            Diagnostic::error(Code::E0311, format!("every address of `{text}` is the cluster's own"))
                .at(part.place, "pods, nodes and services are no outside")
                .with_help("write what has these addresses: a workload, a namespace, `nodes`, `dns`"),
        );
        false
    }

    fn grant(&mut self, grant: &ast::Reach, scope: Scope) -> Option<Grant> {
        let subject = self.set_without_ports(&grant.subject, scope);
        let object = self.objects(grant, scope);
        let (subject, Objects { objects, mentions, has_ports }) = (subject?, object?);
        let mut fine = self.check_host_network(&subject);
        fine &= self.check_host_network(&Denotation { parts: Vec::new(), mentions });
        self.check_all_catches(subject.parts.iter().chain(objects.iter().map(|(part, _)| part)));
        for part in subject.parts.iter().chain(objects.iter().map(|(part, _)| part)) {
            fine &= self.check_any_governed(part);
        }
        for part in &subject.parts {
            if let Ends::Host(host) = &part.ends {
                fine = false;
                self.report(
                    Diagnostic::error(Code::E0302, format!("the host name `{host}` cannot be a source"))
                        .at(part.place, "packets carry addresses, and no names")
                        .with_help("write the addresses that it comes from, such as `203.0.113.0/24`"),
                );
            }
        }
        fine.then(|| Grant {
            subject: subject.parts,
            object: objects,
            object_place: scope.place(grant.object.span),
            has_ports,
        })
    }

    fn objects(&mut self, grant: &ast::Reach, scope: Scope) -> Option<Objects> {
        let set = &grant.object;
        let on: Vec<&ast::Port> = grant.on.iter().collect();
        let has_ports = self.check_port_places(grant, scope)?;
        let mut all = Denotation::default();
        let mut objects = Some(Vec::new());
        // Of a union every operand has its own port; an `except` or `in` has one, at its end.
        let whole = [None];
        let each: Vec<Option<&Operand>> = match set.op {
            SetOp::Union => set.operands.iter().map(Some).collect(),
            _ => whole.to_vec(),
        };
        for one in each {
            let (denotation, port) = match one {
                Some(operand) => (self.operand(operand, scope), &operand.port),
                None => (self.set(set, scope), &set.operands.last()?.port),
            };
            let Some(denotation) = denotation else {
                objects = None;
                continue;
            };
            all.mentions_join(&denotation);
            let ports: Vec<&ast::Port> = port.iter().chain(on.iter().copied()).collect();
            match (self.with_ports(denotation.parts, &ports, scope), &mut objects) {
                (Some(found), Some(objects)) => objects.extend(found),
                _ => objects = None,
            }
        }
        Some(Objects { objects: objects?, mentions: all.mentions, has_ports })
    }

    /// Ports stand behind every object or behind none, or once for all behind `on`.
    fn check_port_places(&mut self, grant: &ast::Reach, scope: Scope) -> Option<bool> {
        let set = &grant.object;
        let has_own =
            |operand: &Operand| matches!(operand.base, Base::Builtin(Builtin::Dns | Builtin::ApiServer));
        let with = set.operands.iter().find_map(|operand| operand.port.as_ref());
        let without = set.operands.iter().find(|operand| operand.port.is_none() && !has_own(operand));
        let conflict = match (with, without, grant.on.first()) {
            (Some(port), _, Some(on)) => Some((port, scope.place(on.span), "and here once more")),
            (Some(port), Some(operand), None) if set.op == SetOp::Union => {
                Some((port, scope.place(operand.span), "this object has no port"))
            }
            _ => None,
        };
        if let Some((port, other, what)) = conflict {
            self.report(
                Diagnostic::error(Code::E0112, "ports stand behind every object, or once behind `on`")
                    .at(other, what)
                    .at(scope.place(port.span), "a port of one object")
                    .with_help("write `web:80, api:80`, or `web, api on 80`; or two sentences"),
            );
            return None;
        }
        if let (SetOp::Except | SetOp::In, [first, _]) = (set.op, set.operands.as_slice())
            && let Some(port) = &first.port
        {
            self.report(
                Diagnostic::error(Code::E0112, "the port of such a set stands at its end")
                    .at(scope.place(port.span), "in the middle of it")
                    .with_help("write `a except b:80`: the port is the whole set's"),
            );
            return None;
        }
        Some(with.is_some() || !grant.on.is_empty())
    }
}

impl Denotation {
    fn mentions_join(&mut self, other: &Denotation) {
        self.join(Denotation { parts: Vec::new(), mentions: other.mentions.clone() });
    }
}

/// What stands behind `may reach`.
struct Objects {
    objects: Vec<(Part, Ports)>,
    mentions: Mentions,
    has_ports: bool,
}

/// Whether a set is one pair of parentheses.
fn is_group(set: &Set) -> bool {
    matches!(set.operands.as_slice(), [Operand { base: Base::Group(_), .. }])
}

fn these_are(ends: &Ends) -> String {
    match ends {
        Ends::ApiServer => "this is the API server".to_owned(),
        Ends::Anywhere => "this is every pod, node and address".to_owned(),
        other => format!("these are {}", other.kind()),
    }
}

/// Where a set is made of a built-in word; the right side of `except` does not count, and `in` narrows it.
fn built_in(set: &Set, word: Builtin) -> Option<&Operand> {
    let left = match set.op {
        SetOp::In => return None,
        SetOp::Except => &set.operands[..1],
        SetOp::Union | SetOp::Mixed => &set.operands[..],
    };
    left.iter().find_map(|operand| match &operand.base {
        Base::Builtin(found) if *found == word => Some(operand),
        Base::Group(inner) => built_in(inner, word),
        _ => None,
    })
}
