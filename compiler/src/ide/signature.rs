//! The parameters of the policy whose arguments are being written.

use weir_grammar::Span;
use weir_grammar::ast::Policy;
use weir_grammar::format::after_slash;
use weir_grammar::token::Token;

use super::Desk;
use super::above;
use super::completion::{kinds_of, param_kind, policy_named};
use crate::source::FileId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `three-tier(front, back: pods, port: port)`
    pub label: String,
    /// The comment above the policy.
    pub documentation: Option<String>,
    pub params: Vec<Param>,
    /// The parameter whose argument the cursor is in; `None` behind the last one.
    pub active: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Bytes within the label.
    pub start: u32,
    pub end: u32,
    pub documentation: Option<String>,
}

/// The policy whose arguments an offset is in.
pub fn signature(desk: &Desk<'_>, offset: u32) -> Option<Signature> {
    if desk.is_settings() {
        return None;
    }
    let (name, argument) = applied(desk.text(), offset)?;
    let (file, policy) = policy_named(desk, &name)?;
    let kinds = kinds(desk, file, &name);
    let (label, spans) = label(policy, &kinds);
    let param = |(at, span): (usize, Span)| {
        let meant = kinds.get(at).copied().flatten().and_then(param_kind);
        Param { start: span.start, end: span.end, documentation: meant.map(str::to_owned) }
    };
    Some(Signature {
        label,
        documentation: above::comment(desk.workspace.sources.get(file), policy.span),
        active: (argument < policy.params.len()).then_some(argument),
        params: spans.into_iter().enumerate().map(param).collect(),
    })
}

/// The kinds of a policy's parameters, as far as they are known.
pub(super) fn kinds(desk: &Desk<'_>, file: FileId, policy: &str) -> Vec<Option<&'static str>> {
    kinds_of(desk, file, policy)
}

/// A policy's name and parameters, with the place of each in the label.
pub(super) fn label(policy: &Policy, kinds: &[Option<&'static str>]) -> (String, Vec<Span>) {
    let mut label = format!("{}(", after_slash(&policy.name.text));
    let mut spans = Vec::new();
    for (at, param) in policy.params.iter().enumerate() {
        if at > 0 {
            label += ", ";
        }
        let start = label.len();
        label += &after_slash(&param.name.text);
        if let Some(kind) = kinds.get(at).copied().flatten() {
            label += ": ";
            label += kind;
        }
        spans.push(Span::new(start, label.len()));
    }
    label.push(')');
    (label, spans)
}

/// The policy that is applied there, and the number of the argument.
fn applied(text: &str, offset: u32) -> Option<(String, usize)> {
    let (statement, cursor) = super::completion::statement_at(text, offset)?;
    let tokens = weir_grammar::tokens(text.get(statement..cursor)?);
    let tokens: Vec<Token<'_>> = tokens.into_iter().map(|(_, token)| token).collect();
    // Of a statement before it the `;` may be missing.
    let apply = tokens.iter().rposition(|token| *token == Token::Apply)?;
    let (name, arguments) = match tokens.get(apply + 1..)? {
        [name, Token::OpenParen, arguments @ ..] => (super::completion::name_of(*name)?, arguments),
        _ => return None,
    };
    let (mut depth, mut argument) = (0_usize, 0);
    for token in arguments {
        match token {
            Token::OpenParen | Token::OpenBracket => depth += 1,
            Token::CloseParen if depth == 0 => return None,
            Token::CloseParen | Token::CloseBracket => depth = depth.saturating_sub(1),
            Token::Comma if depth == 0 => argument += 1,
            _ => {}
        }
    }
    Some((name.to_owned(), argument))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    const POLICY: &str = "\
# What the three tiers of an application need.
#   Apply it once.
policy tiers(front, home: namespace, port, rest) {
    front may reach namespace home:port;
}
";

    /// The label with the active parameter in brackets.
    fn shown(text: &str) -> Option<String> {
        let fixture = fixture(&format!("{POLICY}{text}"));
        let found = signature(&fixture.desk(), fixture.offset)?;
        let mut label = found.label;
        if let Some(active) = found.active {
            let Param { start, end, .. } = found.params[active];
            label.insert(end as usize, '>');
            label.insert(start as usize, '<');
        }
        Some(label)
    }

    #[test]
    fn the_argument_at_the_cursor_is_active() {
        let at = |text: &str| shown(text).unwrap();
        assert_eq!(at("apply tiers($0"), "tiers(<front: set>, home: namespace, port: port, rest)");
        assert_eq!(at("apply tiers(web$0, data);"), "tiers(<front: set>, home: namespace, port: port, rest)");
        assert_eq!(at("apply tiers(web, $0"), "tiers(front: set, <home: namespace>, port: port, rest)");
        assert_eq!(
            at("apply tiers((web, shop/api[a in (b, c), d]), data, $0"),
            "tiers(front: set, home: namespace, <port: port>, rest)"
        );
        assert_eq!(
            at("apply tiers(web[a in (b, $0"),
            "tiers(<front: set>, home: namespace, port: port, rest)"
        );
        assert_eq!(
            at("apply tiers(web, data, 80, x, y$0);"),
            "tiers(front: set, home: namespace, port: port, rest)"
        );
        assert_eq!(at("in namespace shop {\n  web locked\n  apply tiers(\"we$0b\"\n}").find('<'), Some(6));
    }

    #[test]
    fn elsewhere_there_is_none() {
        let texts =
            ["apply tiers$0(web);", "apply tiers(web)$0;", "apply tiers(web);$0", "apply other($0", "$0"];
        for text in
            texts.iter().chain(&["# apply tiers($0", "apply ($0", "apply tiers(web); web $0may reach api;"])
        {
            assert_eq!(shown(text), None, "{text}");
        }
        assert!(signature(&fixture("a").desk(), 900).is_none());
    }

    #[test]
    fn comments_and_kinds_are_told() {
        let fixture = fixture(&format!("{POLICY}apply tiers($0"));
        let found = signature(&fixture.desk(), fixture.offset).unwrap();
        let said = "What the three tiers of an application need.\n  Apply it once.";
        assert_eq!(found.documentation.as_deref(), Some(said));
        let kinds: Vec<_> = found.params.iter().map(|param| param.documentation.as_deref()).collect();
        let (set, home) = ("anything that a grant may speak of", "the name of one namespace");
        assert_eq!(kinds, [Some(set), Some(home), Some("`5432`, `8000-8010`, `53/udp`, `https`"), None]);
    }

    #[test]
    fn a_policy_of_a_module_is_found() {
        let text = "use std.observability;\napply scraped-by(prometheus, $0";
        let fixture = fixture(text);
        let found = signature(&fixture.desk(), fixture.offset).unwrap();
        assert_eq!(found.label, "scraped-by(scraper: pods, targets: pods, port: port)");
        assert_eq!(found.documentation.as_deref(), Some("The scraper pulls metrics from the targets."));
        assert_eq!(found.active, Some(1));
    }
}
