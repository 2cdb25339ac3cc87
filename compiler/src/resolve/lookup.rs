//! Names of the inventory, bare and in full: to the one thing that is meant, or to an error that shows the candidates
//! or the nearest names.

use weir_cluster::inventory::NamespaceId;
use weir_cluster::labels::Text;
use weir_grammar::ast::{Absent, Filter, KindWord, Name, NamespaceName};
use weir_grammar::format;

use super::labels::{HELP_PLANNED, nearest_labels};
use super::names::{self, Named};
use super::pattern;
use super::program::{Denotation, Ends};
use super::readings::Meant;
use super::{Resolved, Resolver, Scope};
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::selector::{Conjunction, Constraint, Constraints, Key, PodSet};
use crate::source::Place;

impl Resolver<'_> {
    /// A name of the inventory without its namespace.
    pub(super) fn bare(
        &mut self,
        name: &Name,
        kind: Option<KindWord>,
        scope: Scope,
        place: Place,
    ) -> Resolved<Denotation> {
        let found = match scope.namespace {
            Some(namespace) => names::in_namespace(self.things, namespace, &name.text, kind),
            None => names::anywhere(self.things, &name.text, kind),
        };
        match found.as_slice() {
            [one] => {
                self.read_name(scope.place(name.span), Meant::Thing(*one));
                self.named(*one, scope, place)
            }
            [] => self.unknown(name, kind, scope),
            several => self.ambiguous(name, several, place),
        }
    }

    pub(super) fn ambiguous(&mut self, name: &Name, found: &[Named], place: Place) -> Resolved<Denotation> {
        let candidates = names::candidates(self.facts.inventory, found);
        let mut said =
            Diagnostic::error(Code::E0202, format!("`{}` names {} things", name.text, candidates.len()))
                .at(place, format!("could be {}", listed(&candidates, "or")))
                .with_help("write the one that is meant in full");
        for candidate in candidates.into_iter().take(8) {
            said = said.suggest(format!("`{candidate}`"), place, candidate);
        }
        self.report(said);
        None
    }

    pub(super) fn unknown(
        &mut self,
        name: &Name,
        kind: Option<KindWord>,
        scope: Scope,
    ) -> Resolved<Denotation> {
        if let Some(absent) = scope.absent {
            return self.absent(name, absent, scope);
        }
        if kind.is_none() && self.is_lost_let(scope.file, &name.text) {
            return None;
        }
        let inventory = self.facts.inventory;
        let place = scope.place(name.span);
        let what = kind.map_or("workload, service or namespace", KindWord::word);
        if let Some(namespace) = scope.namespace {
            let home = self.facts.namespace_name(namespace).to_owned();
            let elsewhere = names::anywhere(self.things, &name.text, kind);
            if !elsewhere.is_empty() {
                let candidates = names::candidates(inventory, &elsewhere);
                let message = format!("`{}` is not in namespace `{home}`", name.text);
                let mut said = Diagnostic::error(Code::E0203, message)
                    .at(place, format!("in this block names are looked up in `{home}`"))
                    .with_help(format!("write {}", listed(&candidates, "or")));
                for candidate in candidates.into_iter().take(8) {
                    said = said.suggest(format!("`{candidate}`"), place, candidate);
                }
                self.report(said);
                return None;
            }
        }
        let names = self.names_in_reach(scope);
        let near = names::nearest(&name.text, names.iter().map(String::as_str));
        let message = match scope.namespace {
            // Of an `in each` block the namespaces are told beside it, all at once.
            Some(_) if self.origin.namespace.is_some() => {
                format!("there is no {} `{}` there", workload_or(kind), name.text)
            }
            Some(namespace) => {
                let home = self.facts.namespace_name(namespace);
                format!("there is no {} `{}` in namespace `{home}`", workload_or(kind), name.text)
            }
            None => format!("there is no {what} `{}`", name.text),
        };
        let said = Diagnostic::error(Code::E0201, message).at(place, "not in the inventory");
        self.report(with_nearest(said, &near, place));
        None
    }

    /// A bare name that denotes nothing, in a sentence that says so.
    fn absent(&mut self, name: &Name, absent: Absent, scope: Scope) -> Resolved<Denotation> {
        match absent {
            Absent::IfPresent => Some(Denotation::default()),
            Absent::EvenIfAbsent => self.nothing_to_compile(name, scope),
        }
    }

    fn nothing_to_compile(&mut self, name: &Name, scope: Scope) -> Resolved<Denotation> {
        let labels = format!("`namespace shop[app={}]`", name.text);
        let (message, help) = match scope.excepted {
            true => (
                format!("`{}` cannot be left out while it is absent: it has no selector yet", name.text),
                format!("leave out the labels that its pods will have, such as {labels}"),
            ),
            false => (
                format!("`{}` has no selector to compile while it is absent", name.text),
                format!(
                    "write the labels that its pods will have, such as {labels}, or end the sentence with `if present`"
                ),
            ),
        };
        self.report(
            Diagnostic::error(Code::E0209, message)
                .at(scope.place(name.span), "not in the inventory")
                .with_help(help),
        );
        None
    }

    /// Every name that a bare word could have been.
    pub(super) fn names_in_reach(&self, scope: Scope) -> Vec<String> {
        let inventory = self.facts.inventory;
        let mut names = self.names_of_lets(scope.file);
        match scope.namespace {
            Some(namespace) => names.extend(self.names_of(namespace)),
            None => {
                names.extend(inventory.workloads.iter().map(|workload| workload.name.to_string()));
                names.extend(inventory.services.iter().map(|service| service.name.to_string()));
                names.extend(inventory.namespaces.iter().map(|namespace| namespace.name.to_string()));
            }
        }
        names
    }

    pub(super) fn names_of(&self, namespace: NamespaceId) -> Vec<String> {
        let inventory = self.facts.inventory;
        let workloads = inventory.workloads_of(namespace).map(|id| &inventory.workloads[id as usize].name);
        let services = inventory.services_of(namespace).map(|id| &inventory.services[id as usize].name);
        workloads.chain(services).map(Text::to_string).collect()
    }

    pub(super) fn qualified(
        &mut self,
        namespace: &NamespaceName,
        name: &Name,
        kind: Option<KindWord>,
        scope: Scope,
        place: Place,
    ) -> Resolved<Denotation> {
        let inventory = self.facts.inventory;
        match namespace {
            NamespaceName::Name(home) => {
                let (home, from) = self.namespace_argument(home, scope)?;
                let Some(id) = inventory.namespace(&home.text) else {
                    return match scope.absent {
                        Some(absent) => self.absent(name, absent, scope),
                        None => self.unknown_namespace(&home, from),
                    };
                };
                self.read_name(from.place(home.span), Meant::Namespace(id));
                let found = names::in_namespace(self.things, id, &name.text, kind);
                match found.as_slice() {
                    [one] => {
                        self.read_name(scope.place(name.span), Meant::Thing(*one));
                        self.named(*one, scope, place)
                    }
                    [] => self.unknown_in(id, name, kind, scope),
                    several => self.ambiguous(name, several, place),
                }
            }
            NamespaceName::Pattern(pattern) => {
                let homes = self.matching_namespaces(pattern, scope)?;
                let mut all = Denotation::default();
                for home in homes {
                    let found = names::in_namespace(self.things, home, &name.text, kind);
                    match found.as_slice() {
                        [] => {}
                        [one] => {
                            self.read_name(scope.place(name.span), Meant::Thing(*one));
                            all.join(by_pattern(self.named(*one, scope, place)?, &pattern.text));
                        }
                        several => return self.ambiguous(name, several, place),
                    }
                }
                if all.parts.is_empty() && scope.absent != Some(Absent::IfPresent) {
                    if scope.absent == Some(Absent::EvenIfAbsent) {
                        return self.nothing_to_compile(name, scope);
                    }
                    let message = format!(
                        "no namespace that matches `{}` has a {} `{}`",
                        pattern.text,
                        workload_or(kind),
                        name.text
                    );
                    let said = Diagnostic::error(Code::E0201, message);
                    self.report(said.at(scope.place(name.span), "not in the inventory"));
                    return None;
                }
                Some(all)
            }
        }
    }

    pub(super) fn unknown_in(
        &mut self,
        namespace: NamespaceId,
        name: &Name,
        kind: Option<KindWord>,
        scope: Scope,
    ) -> Resolved<Denotation> {
        if let Some(absent) = scope.absent {
            return self.absent(name, absent, scope);
        }
        let inventory = self.facts.inventory;
        let place = scope.place(name.span);
        let home = self.facts.namespace_name(namespace);
        let message = format!("there is no {} `{}` in namespace `{home}`", workload_or(kind), name.text);
        let mut said = Diagnostic::error(Code::E0201, message).at(place, "not in the inventory");
        let other_kinds = match kind {
            Some(_) => names::in_namespace(self.things, namespace, &name.text, None),
            None => Vec::new(),
        };
        if !other_kinds.is_empty() {
            let found: Vec<String> =
                other_kinds.iter().map(|named| names::spelled(inventory, *named, true)).collect();
            self.report(said.with_help(format!("there is {}", listed(&found, "and"))));
            return None;
        }
        let elsewhere: Vec<Named> = names::anywhere(self.things, &name.text, kind)
            .into_iter()
            .filter(|named| !matches!(named, Named::Namespace(_)))
            .collect();
        let near = self.names_of(namespace);
        let near = names::nearest(&name.text, near.iter().map(String::as_str));
        if near.is_empty() && !elsewhere.is_empty() {
            let candidates = names::candidates(inventory, &elsewhere);
            said = said.with_help(format!("there is {}", listed(&candidates, "and")));
        }
        let suggestions: Vec<String> = near.iter().map(|name| format::after_slash(name)).collect();
        self.report(with_nearest(said, &suggestions, place));
        None
    }

    pub(super) fn unknown_namespace<T>(&mut self, name: &Name, scope: Scope) -> Resolved<T> {
        let place = scope.place(name.span);
        let names = self.facts.inventory.namespaces.iter().map(|namespace| namespace.name.as_ref());
        let near = names::nearest(&name.text, names);
        let said = Diagnostic::error(Code::E0204, format!("there is no namespace `{}`", name.text))
            .at(place, "not in the inventory");
        self.report(with_nearest(said, &near, place));
        None
    }

    pub(super) fn known_namespace(&mut self, name: &Name, scope: Scope) -> Resolved<NamespaceId> {
        match self.facts.inventory.namespace(&name.text) {
            Some(id) => {
                self.read_name(scope.place(name.span), Meant::Namespace(id));
                Some(id)
            }
            None => self.unknown_namespace(name, scope),
        }
    }

    /// The namespaces of today that a pattern matches.
    pub(super) fn matching_namespaces(&mut self, name: &Name, scope: Scope) -> Resolved<Vec<NamespaceId>> {
        let namespaces = &self.facts.inventory.namespaces;
        let matching: Vec<NamespaceId> = (0..namespaces.len())
            .filter(|at| pattern::matches(&name.text, &namespaces[*at].name))
            .map(|at| NamespaceId(at as u32))
            .collect();
        if matching.is_empty() && scope.absent.is_none() {
            let names: Vec<&str> = namespaces.iter().map(|namespace| namespace.name.as_ref()).collect();
            self.report(
                Diagnostic::error(Code::E0205, format!("no namespace matches `{}`", name.text))
                    .at(scope.place(name.span), "matches nothing")
                    .with_note(format!("the namespaces are {}", listed(&names, "and")))
                    .with_help(HELP_PLANNED),
            );
            return None;
        }
        Some(matching)
    }

    pub(super) fn namespace(&mut self, name: &Name, scope: Scope, place: Place) -> Resolved<Denotation> {
        let (name, from) = &self.namespace_argument(name, scope)?;
        let text: Text = name.text.as_str().into();
        let Some(id) = self.facts.inventory.namespace(&name.text) else {
            return match scope.absent {
                Some(Absent::IfPresent) => Some(Denotation::default()),
                Some(Absent::EvenIfAbsent) if is_dns_label(&text) => {
                    Some(Denotation::pods(place, PodSet::namespace(&text)))
                }
                Some(Absent::EvenIfAbsent) => {
                    self.report(
                        Diagnostic::error(Code::E0204, format!("no namespace can be called `{text}`"))
                            .at(place, "at most 63 lower-case letters, digits and dashes"),
                    );
                    None
                }
                None => self.unknown_namespace(name, *from),
            };
        };
        self.read_name(from.place(name.span), Meant::Namespace(id));
        let mut denotation = Denotation::pods(place, self.things.namespace_pods(id).clone());
        denotation.mentions.namespaces.insert(id);
        Some(denotation)
    }

    pub(super) fn namespaces(&mut self, filter: &Filter, scope: Scope, place: Place) -> Resolved<Denotation> {
        let constraints = self.constraints(filter, scope)?;
        let conjunction = Conjunction { namespaces: constraints, pods: Constraints::default() };
        let matching = conjunction.namespaces.namespaces(self.facts.inventory);
        if matching.is_empty() {
            match scope.absent {
                Some(Absent::IfPresent) if !scope.guards => return Some(Denotation::default()),
                Some(_) => {}
                None => {
                    let inventory = self.facts.inventory;
                    let keys: Vec<&Text> = inventory.namespace_label_keys().collect();
                    let values =
                        |key: &str| inventory.namespace_label_values(key).cloned().collect::<Vec<_>>();
                    let said = Diagnostic::error(Code::E0205, "no namespace has these labels")
                        .at(scope.place(filter.span), "matches nothing");
                    let said = nearest_labels(said, filter, &keys, values, scope);
                    self.report(said.with_help(HELP_PLANNED));
                    return None;
                }
            }
        }
        Some(Denotation::pods(place, PodSet::of(conjunction)))
    }
}

fn workload_or(kind: Option<KindWord>) -> &'static str {
    kind.map_or("workload or service", KindWord::word)
}

pub(super) fn with_nearest(said: Diagnostic, near: &[String], place: Place) -> Diagnostic {
    if near.is_empty() {
        return said;
    }
    let said = said.with_help(format!("did you mean {}?", listed(near, "or")));
    near.iter().fold(said, |said, name| {
        let written = format::quoted(name.trim_matches('"'));
        said.suggest(format!("`{written}`"), place, written)
    })
}

/// Keeps in mind that a set was found by a pattern: left out of another set, it stands for namespaces to come as well.
fn by_pattern(mut denotation: Denotation, pattern: &str) -> Denotation {
    let matches = PodSet::of(Conjunction {
        namespaces: Constraints::one(Key::NameMatches(pattern.into()), Constraint::exists()),
        pods: Constraints::default(),
    });
    for part in &mut denotation.parts {
        if let Ends::Pods(pods) = &part.ends
            && let Ok(marked) = pods.and(&matches)
        {
            part.ends = Ends::Pods(marked);
        }
    }
    denotation
}

/// A DNS-1123 label, as namespaces are called.
fn is_dns_label(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}
