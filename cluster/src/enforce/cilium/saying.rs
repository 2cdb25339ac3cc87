//! What is said on ports: the kinds of it that rules ask for, and which atoms say something that a rule lets through.
//! Knows neither peers nor subjects.

use rustc_hash::FxHashMap;

use super::rules::{HttpRule, Port, PortRule, Saying};
use crate::enforce::points::Match;
use crate::flow::{Bits, Carrier, Filter, HttpRequest, Pattern, Payload, PortRange, Space};
use crate::labels::Text;

/// What a rule asks of what is said on its ports, and on which ranges that matters.
pub(super) fn filters(rule: &PortRule, found: &mut Vec<(PortRange, Filter)>) {
    let mut asked: Vec<Filter> = rule.server_names.iter().cloned().map(Filter::ServerName).collect();
    match &rule.saying {
        Saying::Anything | Saying::Unknown => {}
        Saying::Http(rules) => asked.extend(rules.iter().map(|rule| Filter::Http {
            method: rule.method.clone(),
            path: rule.path.clone(),
            host: rule.host.clone(),
            headers: rule.headers.clone(),
        })),
        Saying::Dns(names) => asked.extend(names.iter().cloned().map(Filter::DnsQuery)),
    }
    for port in &rule.ports {
        let ranges = match port {
            // It may be any port.
            Port::Name { protocols, .. } => {
                protocols.iter().map(|&protocol| PortRange::all(protocol.into())).collect()
            }
            port => port.ranges(),
        };
        for range in ranges {
            let heard = asked.iter().filter(|filter| is_heard(filter, range.protocol));
            found.extend(heard.map(|filter| (range, filter.clone())));
        }
    }
}

/// Whether what a filter asks about is ever said in a protocol.
fn is_heard(filter: &Filter, carrier: Carrier) -> bool {
    match filter {
        Filter::Http { .. } | Filter::ServerName(_) => carrier == Carrier::Tcp,
        Filter::DnsQuery(_) => matches!(carrier, Carrier::Tcp | Carrier::Udp),
    }
}

/// Patterns that are asked about texts again and again.
#[derive(Default)]
pub(super) struct Patterns<'p> {
    /// `None` for one of which nothing can be said.
    made: FxHashMap<&'p str, Option<Pattern>>,
}

/// Whether something matches; `None` where that cannot be said.
type Answer = Option<bool>;

impl<'p> Patterns<'p> {
    fn matches(&mut self, pattern: &'p Text, text: &str) -> Answer {
        let made = self.made.entry(pattern).or_insert_with(|| Pattern::new(pattern).ok());
        made.as_ref().map(|pattern| pattern.matches(text))
    }

    fn one_matches(&mut self, patterns: &'p [Text], text: &str) -> Answer {
        any(patterns.iter().map(|pattern| self.matches(pattern, text)))
    }

    fn request(&mut self, rule: &'p HttpRule, request: &HttpRequest) -> Answer {
        let mut answer = Some(true);
        let texts =
            [(&rule.method, &request.method), (&rule.path, &request.path), (&rule.host, &request.host)];
        for (pattern, text) in texts {
            if let Some(pattern) = pattern {
                answer = both(answer, self.matches(pattern, text));
            }
        }
        for (name, value) in &rule.headers {
            let mut own = request.headers.iter().filter(|(other, _)| other == name);
            let has = own.any(|(_, other)| value.as_ref().is_none_or(|value| value == other));
            answer = both(answer, Some(has));
        }
        if rule.secret { both(answer, None) } else { answer }
    }

    /// Of all atoms those that say what a rule asks for, whatever their ports; `None` where it asks for nothing.
    pub(super) fn said(&mut self, space: &Space, rule: &'p PortRule) -> Option<Match> {
        if rule.saying == Saying::Anything && rule.server_names.is_empty() {
            return None;
        }
        let mut found = Match::default();
        let mut known: FxHashMap<*const Payload, Answer> = FxHashMap::default();
        for atom in 0..space.ports.len() {
            let payload = space.ports.payload(atom);
            let carrier = space.ports.atom(atom).protocol;
            let answer = match payload {
                Some(payload) => {
                    *known.entry(payload).or_insert_with(|| self.answer(rule, Some(payload), carrier))
                }
                None => self.answer(rule, None, carrier),
            };
            if answer != Some(false) {
                found.possible.insert(atom as u32);
            }
            if answer == Some(true) {
                found.certain.insert(atom as u32);
            }
        }
        Some(found)
    }

    fn answer(&mut self, rule: &'p PortRule, payload: Option<&Payload>, carrier: Carrier) -> Answer {
        let said = match (&rule.saying, payload) {
            (Saying::Anything, _) => Some(true),
            (Saying::Unknown, _) => None,
            (Saying::Http(rules), Some(Payload::Http(request))) => {
                any(rules.iter().map(|rule| self.request(rule, request)))
            }
            (Saying::Dns(names), Some(Payload::DnsQuery(name))) => self.one_matches(names, name),
            // Within TLS that ends at the proxy anything may be said.
            (Saying::Http(_), Some(Payload::ServerName(_))) if !rule.server_names.is_empty() => None,
            (Saying::Http(_) | Saying::Dns(_), _) => Some(false),
        };
        let asked = match payload {
            _ if rule.server_names.is_empty() => Some(true),
            Some(Payload::ServerName(name)) => self.one_matches(&rule.server_names, name),
            Some(Payload::Http(_)) if rule.saying != Saying::Anything => None,
            // Where there is no TLS, as Cilium understands it, nothing says what comes of it.
            _ if carrier != Carrier::Tcp => None,
            _ => Some(false),
        };
        both(said, asked)
    }
}

fn any(answers: impl Iterator<Item = Answer>) -> Answer {
    let mut found = Some(false);
    for answer in answers {
        match answer {
            Some(true) => return Some(true),
            Some(false) => {}
            None => found = None,
        }
    }
    found
}

fn both(a: Answer, b: Answer) -> Answer {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// The atoms of these that are in a range.
pub(super) fn within(space: &Space, range: PortRange, saying: Option<&Match>) -> Match {
    let atoms: Bits = space.ports.of(range);
    let all = Match::surely(atoms);
    saying.map_or(all.clone(), |saying| all.and(saying))
}
