//! The actions of the grammar that do more than build a node: they check what the grammar cannot say.

use std::convert::Infallible;
use std::net::IpAddr;

use lalrpop_util::{ErrorRecovery, ParseError};

use crate::ast::*;
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::format;
use crate::label;
use crate::span::Span;
use crate::token::Token;

type Recovery<'input> = ErrorRecovery<usize, Token<'input>, Infallible>;

/// The text being parsed, and what was found wrong in it.
pub struct Errors<'input> {
    pub text: &'input str,
    pub list: Vec<SyntaxError>,
}

impl<'input> Errors<'input> {
    pub fn push(&mut self, span: Span, kind: SyntaxErrorKind) {
        self.list.push(SyntaxError { span, kind });
    }

    pub fn recovered(&mut self, recovery: Recovery<'input>) {
        // What follows from a bracket that is never closed: the lexer put an empty `Bad` where it should be.
        let unclosed = |(start, token, end): &(usize, Token<'_>, usize)| *token == Token::Bad && start == end;
        if !recovery.dropped_tokens.iter().any(unclosed) {
            self.parse_error(recovery.error);
        }
    }

    pub fn parse_error(&mut self, error: ParseError<usize, Token<'input>, Infallible>) {
        match error {
            ParseError::UnrecognizedToken { token: (start, token, end), expected } => {
                self.unexpected(Span::new(start, end), token, expected);
            }
            ParseError::ExtraToken { token: (start, token, end) } => {
                self.unexpected(Span::new(start, end), token, Vec::new());
            }
            ParseError::InvalidToken { location } | ParseError::UnrecognizedEof { location, .. } => {
                let kind = SyntaxErrorKind::MissingSemicolon;
                self.push(Span::new(location, location), kind);
            }
            ParseError::User { error } => match error {},
        }
    }

    fn unexpected(&mut self, span: Span, token: Token<'input>, expected: Vec<String>) {
        if token == Token::Bad {
            return; // the lexer has told it
        }
        let expects = |what: &str| expected.iter().any(|word| word.trim_matches('"') == what);
        let before = &self.text[..span.start as usize];
        let starts_line = before.trim_end_matches([' ', '\t', '\r']).ends_with('\n');
        if starts_line && expects(";") && !matches!(token, Token::Comma | Token::Colon) {
            let end = before.trim_end().len();
            let end = comment_free_end(&before[..end]);
            return self.push(Span::new(end, end), SyntaxErrorKind::MissingSemicolon);
        }
        // Where a set might stand, an operator means that the set is missing; where a name has to, it is a name.
        let word = token.keyword().filter(|word| !OPERATORS.contains(word) || !expects("anyone"));
        if word.is_some_and(|word| expects("name") && !expects(word)) {
            return self.push(span, SyntaxErrorKind::ReservedWord);
        }
        let found = self.text[span.range()].to_owned();
        let told = self.list.len() < crate::MOST_TOLD;
        let expected = if told { describe(&expected) } else { Vec::new() };
        self.push(span, SyntaxErrorKind::Unexpected { found, expected });
    }
}

/// Words that join others: where one stands too early, a set is missing, and nothing is called so.
const OPERATORS: &[&str] = &[
    "may", "must", "not", "reach", "reaches", "cannot", "on", "in", "except", "over", "isolated", "locked",
    "for", "because", "if", "even", "until",
];

/// Where the last word before a missing `;` ends: a comment behind it is passed over.
fn comment_free_end(before: &str) -> usize {
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    match before[line..].find('#') {
        Some(hash) if !before[line..line + hash].contains('"') => {
            let end = before[..line + hash].trim_end().len();
            if end > 0 && end >= line { end } else { comment_free_end_above(before, line) }
        }
        _ => before.len(),
    }
}

fn comment_free_end_above(before: &str, line: usize) -> usize {
    let above = before[..line].trim_end();
    if above.is_empty() { before.len() } else { comment_free_end(above) }
}

/// What the grammar expects, in the reader's words: kinds of words are summed up.
fn describe(expected: &[String]) -> Vec<String> {
    let words: Vec<&str> = expected.iter().map(|word| word.trim_matches('"')).collect();
    let has = |word: &str| words.contains(&word);
    let mut described = Vec::new();
    if has("anyone") && has("internet") {
        described.push("a set".to_owned());
    } else if has("name") {
        described.push("a name".to_owned());
    }
    let spoken = [
        ("number", "a port"),
        ("label", "a label"),
        ("day", "a day such as `2027-01-31`"),
        ("method", "a method such as `GET`"),
        ("text", if has("name") { "" } else { "a text in quotes" }),
    ];
    for word in &words {
        match spoken.iter().find(|(raw, _)| raw == word) {
            Some((_, "")) => {}
            Some((_, said)) => described.push((*said).to_owned()),
            None if is_summed_up(word, has("anyone") && has("internet")) => {}
            None => described.push(format!("`{}`", word.trim_start_matches("label "))),
        }
    }
    described
}

fn is_summed_up(word: &str, a_set: bool) -> bool {
    match word {
        "name" | "range" => true,
        "(" | "pattern" | "host name" | "IPv4 address" | "IPv6 address" | "anyone" | "pods" | "nodes"
        | "apiserver" | "dns" | "internet" | "anywhere" | "namespace" | "namespaces" | "workload"
        | "service" | "deployment" | "statefulset" | "daemonset" | "job" | "cronjob" | "pod"
        | "serviceaccount" => a_set,
        _ => false,
    }
}

pub enum Clause {
    Because(Span, Name),
    Absent(Span, Absent),
    Until(Span, Day),
}

/// Clauses stand in any order, once each.
pub fn clauses(list: Vec<Clause>, errors: &mut Errors<'_>) -> Clauses {
    let mut clauses = Clauses::default();
    let mut because: Option<Span> = None;
    for clause in list {
        match clause {
            Clause::Because(span, reason) => match because {
                Some(first) => {
                    errors.push(span, SyntaxErrorKind::RepeatedClause { first, what: "because" });
                }
                None => {
                    because = Some(span);
                    clauses.because = Some(reason);
                }
            },
            Clause::Absent(span, absent) => match clauses.absent {
                Some((other, first)) if other == absent => {
                    let what = if absent == Absent::IfPresent { "if present" } else { "even if absent" };
                    errors.push(span, SyntaxErrorKind::RepeatedClause { first, what });
                }
                Some((_, first)) => errors.push(span, SyntaxErrorKind::ContradictingClauses { first }),
                None => clauses.absent = Some((absent, span)),
            },
            Clause::Until(span, day) => match clauses.until {
                Some((_, first)) => {
                    errors.push(span, SyntaxErrorKind::RepeatedClause { first, what: "until" });
                }
                None => clauses.until = Some((day, span)),
            },
        }
    }
    clauses
}

/// A `let` may be absent; it has no reason and no end.
pub fn clauses_of_let(list: Vec<Clause>, errors: &mut Errors<'_>) -> Option<(Absent, Span)> {
    let mut own = Vec::new();
    for clause in list {
        let (span, word) = match clause {
            Clause::Absent(..) => {
                own.push(clause);
                continue;
            }
            Clause::Because(span, _) => (span, "because"),
            Clause::Until(span, _) => (span, "until"),
        };
        let word_span = Span::new(span.start as usize, span.start as usize + word.len());
        let expected = vec!["`;`".to_owned(), "`if present`".to_owned(), "`even if absent`".to_owned()];
        errors.push(word_span, SyntaxErrorKind::Unexpected { found: word.to_owned(), expected });
    }
    clauses(own, errors).absent
}

/// A day that is none is reported, and stands for the first one.
pub fn day(span: Span, text: &str, errors: &mut Errors<'_>) -> Day {
    Day::parse(text).unwrap_or_else(|| {
        errors.push(span, SyntaxErrorKind::BadDate);
        Day { year: 1, month: 1, day: 1 }
    })
}

pub fn reach(
    subject: Set,
    (verb, verb_span): (Verb, Span),
    object: Set,
    on: Option<Vec<Port>>,
    over: Option<Over>,
) -> Reach {
    Reach { verb, verb_span, subject, object, on: on.unwrap_or_default(), over }
}

/// `ping` is no reserved word: any name may stand behind `may`, and one of them does.
pub fn expect_verb(word: &Name, errors: &mut Errors<'_>) {
    if word.text != "ping" {
        let expected = ["`reach`", "`only`", "`ping`"].map(str::to_owned).to_vec();
        errors.push(word.span, SyntaxErrorKind::Unexpected { found: word.text.clone(), expected });
    }
}

/// The methods of RFC 9110 and PATCH (RFC 5789).
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

pub fn http_request(span: Span, method: &str, path: Name, errors: &mut Errors<'_>) -> HttpRequest {
    let wrong = if !METHODS.contains(&method) {
        Some((Span::new(span.start as usize, span.start as usize + method.len()), "HTTP has no such method"))
    } else if !path.text.starts_with(['/', '*']) {
        Some((path.span, "a path begins with `/`"))
    } else if path.text.contains(['?', '#']) {
        Some((path.span, "the query is no part of the path, and is not matched"))
    } else if path.text.chars().any(|c| c.is_control() || c == ' ') {
        Some((path.span, "a path has no spaces and no control characters: write them as `%20`"))
    } else {
        None
    };
    if let Some((span, why)) = wrong {
        errors.push(span, SyntaxErrorKind::BadRequest { why });
    }
    HttpRequest { span, method: method.to_owned(), path }
}

pub struct PostureEnd {
    pub word: PostureWord,
    pub span: Span,
    pub direction: Option<(Direction, Span)>,
}

impl PostureEnd {
    pub fn of(self, each: Option<Span>, subject: Subject) -> Posture {
        Posture { each, subject, word: self.word, word_span: self.span, direction: self.direction }
    }
}

pub fn direction(word: Option<Name>, errors: &mut Errors<'_>) -> Option<(Direction, Span)> {
    let word = word?;
    let direction = match word.text.as_str() {
        "ingress" => Direction::Ingress,
        "egress" => Direction::Egress,
        _ => {
            let expected = vec!["`ingress`".to_owned(), "`egress`".to_owned()];
            errors.push(word.span, SyntaxErrorKind::Unexpected { found: word.text, expected });
            return None;
        }
    };
    Some((direction, word.span))
}

pub fn expect_word(word: &Name, expected: &str, errors: &mut Errors<'_>) {
    if word.text != expected {
        let kind =
            SyntaxErrorKind::Unexpected { found: word.text.clone(), expected: vec![format!("`{expected}`")] };
        errors.push(word.span, kind);
    }
}

/// Joins operands; different operators, or two of `except` and `in`, need parentheses.
pub fn set(span: Span, first: Operand, rest: Vec<(SetOp, Operand)>, errors: &mut Errors<'_>) -> Set {
    let unions = rest.iter().filter(|(op, _)| *op == SetOp::Union).count();
    let op = match rest.as_slice() {
        [] => SetOp::Union,
        [(op, _)] => *op,
        _ if unions == rest.len() => SetOp::Union,
        _ => SetOp::Mixed,
    };
    if op == SetOp::Mixed {
        let readings = readings(&first, &rest);
        errors.push(span, SyntaxErrorKind::MixedOperators { readings });
    }
    // Mostly one: there are many sets, and no room to spare in each.
    let mut operands = Vec::with_capacity(1 + rest.len());
    operands.push(first);
    operands.extend(rest.into_iter().map(|(_, operand)| operand));
    Set { span, op, operands }
}

/// The two readings of a chain of operators: with the commas binding tighter, and looser. Without commas: bound
/// from the left, and from the right.
fn readings(first: &Operand, rest: &[(SetOp, Operand)]) -> Vec<String> {
    let mut segments: Vec<(SetOp, String)> = vec![(SetOp::Union, format::operand(first))];
    segments.extend(rest.iter().map(|(op, operand)| (*op, format::operand(operand))));
    if rest.iter().all(|(op, _)| *op != SetOp::Union) {
        return vec![from_left(&segments), from_right(&segments)];
    }
    let commas_first = group(&segments, |op| op == SetOp::Union);
    let commas_last = group(&segments, |op| op != SetOp::Union);
    vec![from_left(&commas_first), from_left(&commas_last)]
}

/// Puts runs that `binds` joins into parentheses of their own.
fn group(segments: &[(SetOp, String)], binds: impl Fn(SetOp) -> bool) -> Vec<(SetOp, String)> {
    let mut groups: Vec<Vec<(SetOp, String)>> = Vec::new();
    for (op, text) in segments {
        match groups.last_mut() {
            Some(group) if binds(*op) => group.push((*op, text.clone())),
            _ => groups.push(vec![(*op, text.clone())]),
        }
    }
    let joined = |group: Vec<(SetOp, String)>| match group.as_slice() {
        [(op, text)] => (*op, text.clone()),
        _ => (group[0].0, format!("({})", from_left(&group))),
    };
    groups.into_iter().map(joined).collect()
}

fn operator(op: SetOp) -> &'static str {
    match op {
        SetOp::Except => " except ",
        SetOp::In => " in ",
        SetOp::Union | SetOp::Mixed => ", ",
    }
}

/// `a, b, c`; `(a except b) except c`.
fn from_left(segments: &[(SetOp, String)]) -> String {
    let mut text = String::new();
    for (at, (op, segment)) in segments.iter().enumerate() {
        if at > 1 && *op != SetOp::Union {
            text = format!("({text})");
        }
        if at > 0 {
            text += operator(*op);
        }
        text += segment;
    }
    text
}

/// `a except (b except c)`.
fn from_right(segments: &[(SetOp, String)]) -> String {
    let mut text = String::new();
    for (at, (op, segment)) in segments.iter().enumerate() {
        if at > 0 {
            text += operator(*op);
        }
        if at > 0 && at + 1 < segments.len() {
            text += "(";
        }
        text += segment;
    }
    text + &")".repeat(segments.len().saturating_sub(2))
}

pub fn address(span: Span, text: &str, errors: &mut Errors<'_>) -> Address {
    let fallback = Address { address: IpAddr::from([0, 0, 0, 0]), prefix: 32 };
    let (host, prefix) = match text.split_once('/') {
        Some((host, prefix)) => (host, Some(prefix)),
        None => (text, None),
    };
    let Ok(address) = host.parse::<IpAddr>() else {
        let why = if text.contains(':') {
            "an IPv6 address is eight groups of hexadecimal digits, with one `::` for a run of zeros"
        } else {
            "an IPv4 address is four numbers from 0 to 255, without leading zeros"
        };
        errors.push(span, SyntaxErrorKind::BadAddress { why: why.to_owned() });
        return fallback;
    };
    if let IpAddr::V6(v6) = address
        && let Some(mapped) = v6.to_ipv4_mapped()
    {
        let why = format!("an IPv4 address in IPv6's clothes: write `{mapped}`");
        errors.push(span, SyntaxErrorKind::BadAddress { why });
        return fallback;
    }
    let bits: u8 = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix.map(str::parse::<u8>) {
        None => bits,
        Some(Ok(prefix)) if prefix <= bits => prefix,
        Some(_) => {
            let why = format!("the length behind the `/` is a number from 0 to {bits}");
            errors.push(span, SyntaxErrorKind::BadAddress { why });
            return fallback;
        }
    };
    let masked = mask(address, prefix);
    if masked != address {
        let kind =
            SyntaxErrorKind::HostBits { network: format!("{masked}/{prefix}"), address: address.to_string() };
        errors.push(span, kind);
    }
    Address { address: masked, prefix }
}

fn mask(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

pub fn requirement(start: usize, end: usize, key: Name, test: Test) -> Requirement {
    Requirement { span: Span::new(start, end), key, test }
}

pub fn label_key(span: Span, text: &str, errors: &mut Errors<'_>) -> Name {
    if let Some(why) = label::key_fault(text) {
        errors.push(span, SyntaxErrorKind::BadLabel { why });
    }
    Name { span, text: text.to_owned() }
}

pub fn label_value(span: Span, text: &str, errors: &mut Errors<'_>) -> Name {
    if let Some(why) = label::value_fault(text) {
        errors.push(span, SyntaxErrorKind::BadLabel { why });
    }
    Name { span, text: text.to_owned() }
}

/// A protocol that is none (`Some(None)`) is reported already.
pub fn port_range(
    span: Span,
    text: &str,
    protocol: Option<Option<Protocol>>,
    errors: &mut Errors<'_>,
) -> PortKind {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    port(span, first, last, protocol, errors)
}

pub fn port(
    span: Span,
    first: &str,
    last: &str,
    protocol: Option<Option<Protocol>>,
    errors: &mut Errors<'_>,
) -> PortKind {
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(first), Ok(last)) if first > 0 && last > 0 => match protocol {
            Some(None) => PortKind::Error,
            protocol => PortKind::Number { first, last, protocol: protocol.flatten() },
        },
        _ => {
            errors.push(span, SyntaxErrorKind::BadPort);
            PortKind::Error
        }
    }
}

pub fn protocol(word: Name, errors: &mut Errors<'_>) -> Option<Protocol> {
    match word.text.as_str() {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        "sctp" => Some(Protocol::Sctp),
        _ => {
            errors.push(word.span, SyntaxErrorKind::BadProtocol);
            None
        }
    }
}

pub fn unquote(text: &str) -> &str {
    text.trim_matches('"')
}
