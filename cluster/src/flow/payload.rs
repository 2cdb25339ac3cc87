//! What is said in a connection, cut into the fewest kinds that tell apart what is asked for. Patterns are regular
//! expressions that match all of a text; every kind is represented by the shortest text of its own. Knows no format.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use regex_automata::Anchored;
use regex_automata::dfa::dense::{Builder, Config, DFA};
use regex_automata::dfa::{Automaton, StartKind};
use regex_automata::util::{primitives::StateID, start, syntax};

use super::PortRange;
use crate::labels::Text;

/// What a connection says once it is open, as far as policies look into it. What says none of the things that some
/// policy or program asks for has no payload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Payload {
    Http(HttpRequest),
    /// A question of the DNS for this name, in lower case and without a dot behind it.
    DnsQuery(Text),
    /// A TLS connection that asks for this server name.
    ServerName(Text),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpRequest {
    pub method: Text,
    /// With the query, if there is one.
    pub path: Text,
    pub host: Text,
    /// Names in lower case.
    pub headers: Vec<(Text, Text)>,
}

/// What is asked of a payload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Filter {
    /// Patterns of an HTTP request; what is absent asks nothing. Headers are names in lower case, with a value or any.
    Http { method: Option<Text>, path: Option<Text>, host: Option<Text>, headers: Vec<(Text, Option<Text>)> },
    /// A pattern of the name that the DNS is asked for, in lower case.
    DnsQuery(Text),
    /// A pattern of the server name that a TLS connection asks for, in lower case.
    ServerName(Text),
}

/// Patterns that no automaton can be made of, or not within the bounds: nothing can be said about what they filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooComplex(pub Text);

/// Letters that texts of a kind are spelt with, nice ones first.
const NAME: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789-._";
const TOKEN: &[u8] = b"GETPOSUDLACHINBFJKMQRVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!#$%&'*+^`|";
const PATH: &[u8] =
    b"/abcdefghijklmnopqrstuvwxyz0123456789-._~?=&%:@!$'()*+,;ABCDEFGHIJKLMNOPQRSTUVWXYZ[]|^`{}<>\\\"#";
/// The most states of automata side by side, and the most bytes of one.
const MOST_STATES: usize = 1 << 16;
const MOST_BYTES: usize = 4 << 20;
/// Asked for by nobody: what it stands for is not empty.
const OTHER_VALUE: &str = "weir";

/// One payload for each kind that the filters of a port tell apart.
pub(super) fn payloads(filters: &[(PortRange, Filter)]) -> Result<Vec<(PortRange, Payload)>, TooComplex> {
    let mut by_port: BTreeMap<PortRange, Vec<&Filter>> = BTreeMap::new();
    for (range, _) in filters {
        // Filters on ports that meet have to be told apart on both.
        let meets = |other: &PortRange| {
            other.protocol == range.protocol && other.first <= range.last && range.first <= other.last
        };
        let here = filters.iter().filter(|(other, _)| meets(other)).map(|(_, filter)| filter);
        by_port.entry(*range).or_insert_with(|| here.collect());
    }
    let mut known: HashMap<Vec<&Filter>, Vec<Payload>> = HashMap::new();
    let mut found = Vec::new();
    for (range, mut filters) in by_port {
        filters.sort_unstable();
        filters.dedup();
        let payloads = match known.get(&filters) {
            Some(payloads) => payloads,
            None => {
                let made = of_filters(&filters)?;
                known.entry(filters).or_insert(made)
            }
        };
        found.extend(payloads.iter().map(|payload| (range, payload.clone())));
    }
    Ok(found)
}

fn of_filters(filters: &[&Filter]) -> Result<Vec<Payload>, TooComplex> {
    let (mut methods, mut paths, mut hosts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut queries, mut servers) = (BTreeSet::new(), BTreeSet::new());
    let mut headers: BTreeMap<&Text, BTreeSet<&str>> = BTreeMap::new();
    let mut http = false;
    for filter in filters {
        match filter {
            Filter::Http { method, path, host, headers: asked } => {
                http = true;
                methods.extend(method.as_deref());
                paths.extend(path.as_deref());
                hosts.extend(host.as_deref());
                for (name, value) in asked {
                    headers.entry(name).or_default().extend(value.as_deref());
                }
            }
            Filter::DnsQuery(pattern) => _ = queries.insert(pattern.as_ref()),
            Filter::ServerName(pattern) => _ = servers.insert(pattern.as_ref()),
        }
    }
    let mut payloads = Vec::new();
    if http {
        let mut header_sets: Vec<Vec<(Text, Text)>> = vec![Vec::new()];
        for (name, values) in headers {
            let values: Vec<&str> = values.into_iter().chain([OTHER_VALUE]).collect();
            let with = |set: &Vec<(Text, Text)>, value: &str| {
                let own = (name.clone(), Text::from(value));
                set.iter().cloned().chain([own]).collect()
            };
            let more: Vec<Vec<(Text, Text)>> = header_sets
                .iter()
                .flat_map(|set| values.iter().map(|value| with(set, value)).collect::<Vec<_>>())
                .collect();
            header_sets.extend(more);
        }
        let (methods, paths, hosts) =
            (kinds(&methods, TOKEN, "GET")?, kinds(&paths, PATH, "/")?, kinds(&hosts, NAME, "weir.invalid")?);
        for method in &methods {
            for path in &paths {
                for host in &hosts {
                    payloads.extend(header_sets.iter().map(|headers| {
                        Payload::Http(HttpRequest {
                            method: method.clone(),
                            path: path.clone(),
                            host: host.clone(),
                            headers: headers.clone(),
                        })
                    }));
                }
            }
        }
    }
    if !queries.is_empty() {
        payloads.extend(kinds(&queries, NAME, "weir.invalid")?.into_iter().map(Payload::DnsQuery));
    }
    if !servers.is_empty() {
        payloads.extend(kinds(&servers, NAME, "weir.invalid")?.into_iter().map(Payload::ServerName));
    }
    Ok(payloads)
}

/// Host names, one of each kind that some pattern matches.
pub(super) fn hosts(patterns: &[Text]) -> Result<Vec<Text>, TooComplex> {
    let patterns: BTreeSet<&str> = patterns.iter().map(AsRef::as_ref).collect();
    if patterns.is_empty() {
        return Ok(Vec::new());
    }
    let matched = |text: &Text| patterns.iter().any(|pattern| matches(pattern, text) == Ok(true));
    Ok(kinds(&patterns, NAME, "weir.invalid")?.into_iter().filter(matched).collect())
}

/// Whether a pattern matches all of a text.
fn matches(pattern: &str, text: &str) -> Result<bool, TooComplex> {
    Ok(Pattern::new(pattern)?.matches(text))
}

/// A pattern that is asked about many texts.
pub(crate) struct Pattern {
    automaton: DFA<Vec<u32>>,
    start: StateID,
}

impl Pattern {
    pub(crate) fn new(pattern: &str) -> Result<Pattern, TooComplex> {
        let automaton = automaton(pattern)?;
        let start = start_of(&automaton, pattern)?;
        Ok(Pattern { automaton, start })
    }

    /// What is wrong with the syntax of a pattern.
    pub(crate) fn check(pattern: &str) -> Result<(), String> {
        let config = syntax::Config::new().unicode(false).utf8(false);
        syntax::parse_with(pattern, &config).map(|_| ()).map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default();
            let reason = reason.strip_prefix("error: ").unwrap_or(reason);
            format!("`{pattern}` is no regular expression: {reason}")
        })
    }

    /// Whether it matches all of a text.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let next = |state, &byte: &u8| self.automaton.next_state(state, byte);
        let end = text.as_bytes().iter().fold(self.start, next);
        self.automaton.is_match_state(self.automaton.next_eoi_state(end))
    }
}

fn automaton(pattern: &str) -> Result<DFA<Vec<u32>>, TooComplex> {
    let config = Config::new()
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(MOST_BYTES))
        .determinize_size_limit(Some(MOST_BYTES));
    Builder::new()
        .configure(config)
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(&format!("^(?:{pattern})$"))
        .map_err(|_| TooComplex(Text::from(pattern)))
}

fn start_of(automaton: &DFA<Vec<u32>>, pattern: &str) -> Result<StateID, TooComplex> {
    automaton
        .start_state(&start::Config::new().anchored(Anchored::Yes))
        .map_err(|_| TooComplex(Text::from(pattern)))
}

/// The shortest text that is not empty for each set of patterns which are the only ones to match it.
fn kinds(patterns: &BTreeSet<&str>, letters: &[u8], usual: &str) -> Result<Vec<Text>, TooComplex> {
    if patterns.is_empty() {
        return Ok(vec![Text::from(usual)]);
    }
    let automata = patterns.iter().map(|pattern| automaton(pattern)).collect::<Result<Vec<_>, _>>()?;
    // Letters that no automaton tells apart are one.
    let mut classes = BTreeSet::new();
    let class_of = |letter: u8| -> Vec<u8> {
        automata.iter().map(|automaton| automaton.byte_classes().get(letter)).collect()
    };
    let letters: Vec<u8> =
        letters.iter().copied().filter(|&letter| classes.insert(class_of(letter))).collect();
    let starts = automata.iter().zip(patterns).map(|(automaton, pattern)| start_of(automaton, pattern));
    let start: Vec<StateID> = starts.collect::<Result<_, _>>()?;
    let mut found: BTreeMap<Vec<bool>, Text> = BTreeMap::new();
    let mut seen: HashMap<Vec<StateID>, (usize, u8)> = HashMap::new();
    // Each state with the number of the one before it and the letter between them.
    let mut order: Vec<(Vec<StateID>, usize, u8)> = vec![(start.clone(), usize::MAX, 0)];
    seen.insert(start, (usize::MAX, 0));
    let mut waiting: VecDeque<usize> = VecDeque::from([0]);
    while let Some(at) = waiting.pop_front() {
        let states = order[at].0.clone();
        for &letter in &letters {
            let next: Vec<StateID> =
                automata.iter().zip(&states).map(|(dfa, state)| dfa.next_state(*state, letter)).collect();
            let kind: Vec<bool> = automata
                .iter()
                .zip(&next)
                .map(|(dfa, state)| dfa.is_match_state(dfa.next_eoi_state(*state)))
                .collect();
            found.entry(kind).or_insert_with(|| spelt(&order, at, letter));
            if !seen.contains_key(&next) {
                if order.len() >= MOST_STATES {
                    return Err(TooComplex(Text::from(
                        patterns.iter().copied().collect::<Vec<_>>().join(", "),
                    )));
                }
                seen.insert(next.clone(), (at, letter));
                order.push((next, at, letter));
                waiting.push_back(order.len() - 1);
            }
        }
    }
    Ok(found.into_values().collect())
}

/// The letters on the way to a state, and one more.
fn spelt(order: &[(Vec<StateID>, usize, u8)], mut at: usize, last: u8) -> Text {
    let mut letters = vec![last];
    while let Some((_, before, letter)) = order.get(at).filter(|(_, before, _)| *before != usize::MAX) {
        letters.push(*letter);
        at = *before;
    }
    letters.reverse();
    Text::from(String::from_utf8_lossy(&letters).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(patterns: &[&str], letters: &[u8]) -> Vec<String> {
        let patterns = patterns.iter().copied().collect();
        let mut found: Vec<String> =
            kinds(&patterns, letters, "x").unwrap().iter().map(|text| text.to_string()).collect();
        found.sort();
        found
    }

    #[test]
    fn every_kind_has_its_shortest_text() {
        assert_eq!(of(&["/v1/.*", "/v1/a"], PATH), ["/", "/v1/", "/v1/a"]);
        assert_eq!(of(&["GET", "GET|POST"], TOKEN), ["G", "GET", "POST"]);
        assert_eq!(of(&[], TOKEN), ["x"]);
        assert_eq!(of(&["([-a-z0-9_]+[.])+b", "a[.]b"], NAME), ["a", "a.b", "b.b"]);
    }

    #[test]
    fn what_is_too_complex_is_said() {
        let patterns: BTreeSet<&str> = BTreeSet::from(["(.*a){200}(.*b){200}.{400}c.{300}"]);
        assert!(kinds(&patterns, PATH, "/").is_err());
        assert!(kinds(&BTreeSet::from(["("]), PATH, "/").is_err());
    }

    #[test]
    fn filters_on_ports_that_meet_are_told_apart_on_both() {
        let tcp = |first, last| PortRange { protocol: super::super::Carrier::Tcp, first, last };
        let http = |path: &str| Filter::Http {
            method: None,
            path: Some(Text::from(path)),
            host: None,
            headers: Vec::new(),
        };
        let found =
            payloads(&[(tcp(80, 80), http("/a")), (tcp(1, 100), http("/b")), (tcp(443, 443), http("/c"))]);
        let paths = |range: PortRange| -> Vec<String> {
            let own = found.as_ref().unwrap().iter().filter(|(other, _)| *other == range);
            own.map(|(_, payload)| match payload {
                Payload::Http(request) => request.path.to_string(),
                other => panic!("{other:?}"),
            })
            .collect()
        };
        for range in [tcp(80, 80), tcp(1, 100)] {
            assert_eq!(paths(range).len(), 3);
        }
        assert_eq!(paths(tcp(443, 443)).len(), 2);
    }
}
