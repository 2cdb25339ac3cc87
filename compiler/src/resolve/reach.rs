//! Sentences about flows: who reaches whom on what, once the words are known. Which kinds of sets may stand where.

use weir_grammar::ast::{self, Base, Builtin, Operand, SetOp, Verb};

use super::program::{
    Ends, Exclusive, Grant, Guardrail, Mentions, Narrowed, Part, Port, Ports, Reach, Thing,
};
use super::{Resolver, Scope};
use crate::diagnostic::{Code, Diagnostic};
use weir_cluster::inventory::Protocol;

impl Resolver<'_> {
    pub(super) fn grant(
        &mut self,
        sentence: &ast::Sentence,
        reach: &ast::Reach,
        scope: Scope,
    ) -> Option<Grant> {
        let exclusive = match reach.verb {
            Verb::OnlyMay => Exclusive::Object,
            Verb::MayOnly => Exclusive::Subject,
            _ => Exclusive::No,
        };
        let mut fine = true;
        if let (Some((_, span)), true) = (sentence.clauses.until, exclusive != Exclusive::No) {
            self.report_end(scope.place(span));
            fine = false;
        }
        let guarded = match exclusive {
            Exclusive::No => None,
            Exclusive::Object => Some(&reach.object),
            Exclusive::Subject => Some(&reach.subject),
        };
        if let Some(set) = guarded {
            fine &= self.check_no_anyone(set, scope);
        }
        let (resolved, End { mut mentions, planned }) = self.reach(reach, scope)?;
        let narrowed = self.narrowed(reach, &resolved, scope);
        fine &= narrowed.is_some();
        let guarded = match exclusive {
            Exclusive::No => {
                mentions = Mentions::default();
                Vec::new()
            }
            Exclusive::Object => resolved.object.iter().map(|(part, _)| part.clone()).collect(),
            Exclusive::Subject => resolved.subject.clone(),
        };
        for part in &guarded {
            match &part.ends {
                Ends::Pods(_) => {}
                Ends::Exactly(_) | Ends::Nodes if matches!(part.thing, Thing::Dns(_)) => {}
                other => {
                    fine = false;
                    self.report_no_pods(part, other);
                }
            }
        }
        let grant = Grant {
            reach: resolved,
            exclusive,
            planned: planned || scope.absent == Some(ast::Absent::EvenIfAbsent),
            until: sentence.clauses.until.map(|(day, span)| (day, scope.place(span))),
            narrowed: narrowed.flatten(),
            mentions,
        };
        fine.then_some(grant)
    }

    pub(super) fn guardrail(&mut self, reach: &ast::Reach, scope: Scope) -> Option<Guardrail> {
        let fine = self.check_no_http(reach, scope);
        let (resolved, _) = self.reach(reach, Scope { forbids: true, ..scope })?;
        fine.then_some(Guardrail { reach: resolved, forbids: reach.verb == Verb::MustNot })
    }

    pub(super) fn assertion(&mut self, reach: &ast::Reach, scope: Scope) -> Option<Reach> {
        let fine = self.check_no_http(reach, scope);
        let (resolved, _) = self.reach(reach, scope)?;
        if reach.verb == Verb::Reaches
            && let Some((part, _)) = resolved.object.iter().find(|(_, ports)| *ports == Ports::All)
        {
            let text = self.sources.text(part.place).to_owned();
            let verb = scope.place(reach.verb_span);
            self.report(
                Diagnostic::error(Code::E0322, "`reaches` needs the ports that are meant")
                    .at(part.place, "on one port, or on all of them?")
                    .at(verb, "every source, every destination, every port named")
                    .with_help(format!(
                        "write `{text}:80` for a port, or `{text}:1-65535` for every port of TCP"
                    )),
            );
            return None;
        }
        fine.then_some(resolved)
    }

    /// Both ends with their ports, and what the object mentions (of `may only`: the subject).
    fn reach(&mut self, reach: &ast::Reach, scope: Scope) -> Option<(Reach, End)> {
        // Selectors of a guarded end, and of a promise, stay although nothing has their labels today.
        let promises = reach.verb == Verb::MustNot;
        let of_subject = Scope { guards: promises || reach.verb == Verb::MayOnly, ..scope };
        let of_object = Scope { guards: promises || reach.verb == Verb::OnlyMay, ..scope };
        let subject = self.set_without_ports(&reach.subject, of_subject);
        let object = self.objects(reach, of_object);
        let (subject, Objects { objects, mentions, planned, has_ports }) = (subject?, object?);
        let mut fine = self.check_host_network(&subject.mentions);
        fine &= self.check_host_network(&mentions);
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
        let (mut subject_parts, mut objects) = (subject.parts, objects);
        subject_parts.shrink_to_fit(); // most have one, and there are many
        objects.shrink_to_fit();
        let resolved = Reach {
            subject: subject_parts,
            object: objects,
            subject_place: scope.place(reach.subject.span),
            verb_place: scope.place(reach.verb_span),
            object_place: scope.place(reach.object.span),
            has_ports,
        };
        let end = match reach.verb {
            Verb::MayOnly => End { mentions: subject.mentions, planned: subject.planned },
            _ => End { mentions, planned },
        };
        fine.then_some((resolved, end))
    }

    /// Requests of HTTP or a ping, if that is all that is granted. `None`: reported.
    fn narrowed(&mut self, reach: &ast::Reach, resolved: &Reach, scope: Scope) -> Option<Option<Narrowed>> {
        if reach.verb == Verb::MayPing {
            let fine = self.check_no_http(reach, scope);
            return fine.then(|| Some(Narrowed::Ping { place: scope.place(reach.verb_span) }));
        }
        let Some(over) = &reach.over else { return Some(None) };
        let place = scope.place(over.span);
        let is_tcp = |ports: &Ports| match ports {
            Ports::All => false,
            Ports::These(ports) => ports.iter().all(|port| match port {
                Port::Range { protocol, .. } | Port::Named { protocol, .. } => *protocol == Protocol::Tcp,
            }),
        };
        if let Some((part, ports)) = resolved.object.iter().find(|(_, ports)| !is_tcp(ports)) {
            let (label, help) = match ports {
                Ports::All => (
                    "every port of every protocol",
                    "name the TCP ports that serve HTTP: `… may reach web:80 over http …`",
                ),
                Ports::These(_) => (
                    "not all of its ports are TCP",
                    "HTTP runs over TCP: grant the other ports in a sentence of their own",
                ),
            };
            self.report(
                Diagnostic::error(Code::E0321, "HTTP needs ports of TCP")
                    .at(place, "narrows TCP alone")
                    .at(part.place, label)
                    .with_help(help),
            );
            return None;
        }
        let requests =
            over.requests.iter().map(|request| (request.method.clone(), request.path.text.clone()));
        Some(Some(Narrowed::Http { place, requests: requests.collect() }))
    }

    fn check_no_http(&mut self, reach: &ast::Reach, scope: Scope) -> bool {
        let Some(over) = &reach.over else { return true };
        self.report(
            Diagnostic::error(Code::E0321, "only a grant is narrowed to HTTP requests")
                .at(scope.place(over.span), "has no meaning here")
                .with_help("drop it: this sentence speaks of whole ports"),
        );
        false
    }

    fn objects(&mut self, reach: &ast::Reach, scope: Scope) -> Option<Objects> {
        let set = &reach.object;
        let has_ports = self.check_port_places(reach, scope)?;
        let mut all = Mentions::default();
        let mut planned = false;
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
            planned |= denotation.planned;
            all.join(denotation.mentions);
            let written = port.iter().chain(&reach.on);
            let meant: Option<Vec<ast::Port>> = written.map(|port| self.port_argument(port, scope)).collect();
            let Some(meant) = meant else {
                objects = None;
                continue;
            };
            let ports: Vec<&ast::Port> = meant.iter().collect();
            match (self.with_ports(denotation.parts, &ports, scope), &mut objects) {
                (Some(found), Some(objects)) => objects.extend(found),
                _ => objects = None,
            }
        }
        Some(Objects { objects: objects?, mentions: all, planned, has_ports })
    }

    /// Ports stand behind every object or behind none, or once for all behind `on`.
    fn check_port_places(&mut self, reach: &ast::Reach, scope: Scope) -> Option<bool> {
        let set = &reach.object;
        let has_own =
            |operand: &Operand| matches!(operand.base, Base::Builtin(Builtin::Dns | Builtin::ApiServer));
        let with = set.operands.iter().find_map(|operand| operand.port.as_ref());
        let without = set.operands.iter().find(|operand| operand.port.is_none() && !has_own(operand));
        if reach.verb == Verb::MayPing
            && let Some(port) = with.or(reach.on.first())
        {
            self.report(
                Diagnostic::error(Code::E0323, "a ping goes to no port")
                    .at(scope.place(port.span), "ICMP has no ports")
                    .with_help("drop the port; `may reach` grants ports"),
            );
            return None;
        }
        let conflict = match (with, without, reach.on.first()) {
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
        Some(with.is_some() || !reach.on.is_empty())
    }
}

/// What is known of a guarded end beyond its sets.
struct End {
    mentions: Mentions,
    planned: bool,
}

/// What stands behind the verb.
struct Objects {
    objects: Vec<(Part, Ports)>,
    mentions: Mentions,
    planned: bool,
    has_ports: bool,
}
