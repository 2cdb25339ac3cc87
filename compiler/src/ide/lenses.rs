//! Lines above sentences: how many may reach what they speak of, how many it may reach, and the YAML that they become.
//! Which lines there are costs nothing; what they say is found when they are shown.

use std::collections::BTreeSet;

use weir_grammar::Span;
use weir_grammar::ast::{LetValue, Sentence, SentenceKind, Set, Statement, Subject};

use super::peers::{Asked, asked_at};
use super::{Desk, Found, Peer, Way};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lens {
    /// The statement's first words.
    pub span: Span,
    pub about: About,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Who may reach the set at this offset.
    Incoming(u32),
    /// What it may reach.
    Outgoing(u32),
    /// What the statement becomes.
    Yaml,
}

pub fn lenses(desk: &Desk<'_>) -> Vec<Lens> {
    let mut found = Vec::new();
    below(desk.statements(), desk.is_known(), &mut found);
    found
}

fn below(statements: &[Statement], known: bool, found: &mut Vec<Lens>) {
    for statement in statements {
        let span = statement.span();
        let mut add = |about: About| found.push(Lens { span, about });
        match statement {
            // What a policy comes to, its applications tell; a test becomes nothing.
            Statement::Policy(_) | Statement::Test(_) | Statement::Use(_) | Statement::Error(_) => {}
            _ if !known => {}
            Statement::Block(block) => below(&block.body, known, found),
            Statement::Apply(_) => add(About::Yaml),
            Statement::Let(tree) => {
                if let LetValue::Set(_) = &tree.value {
                    add(About::Incoming(tree.name.span.start));
                }
            }
            Statement::Sentence(sentence) => {
                about_sentence(sentence).into_iter().for_each(&mut add);
                add(About::Yaml);
            }
        }
    }
}

fn about_sentence(sentence: &Sentence) -> Vec<About> {
    match &sentence.kind {
        SentenceKind::Posture(posture) => match &posture.subject {
            Subject::Set(set) if posture.each.is_none() => match single(set) {
                Some(at) => vec![About::Incoming(at), About::Outgoing(at)],
                None => Vec::new(),
            },
            _ => Vec::new(),
        },
        SentenceKind::Reach(reach) => single(&reach.object).map(About::Incoming).into_iter().collect(),
    }
}

/// Where a set of one operand stands.
fn single(set: &Set) -> Option<u32> {
    match set.operands.as_slice() {
        [one] => Some(one.span.start),
        _ => None,
    }
}

/// What a lens says; `None` where there is nothing to say, or not yet.
pub fn title(desk: &Desk<'_>, lens: &Lens) -> Option<String> {
    let (at, way) = match lens.about {
        About::Yaml => return Some("show YAML".to_owned()),
        About::Incoming(at) => (at, Way::Incoming),
        About::Outgoing(at) => (at, Way::Outgoing),
    };
    let asked = asked_at(desk, at)?;
    Some(counted(desk, &asked, &asked.peers(desk, way)?, way))
}

fn counted(desk: &Desk<'_>, asked: &Asked, found: &Found, way: Way) -> String {
    let own = asked.workloads(desk.facts());
    let several = own.len() > 1;
    if found.unguarded && !asked.classes.is_empty() {
        return match (way, several) {
            (Way::Incoming, false) => "not guarded: everyone may reach this".to_owned(),
            (Way::Incoming, true) => "not all guarded: everyone may reach some of these".to_owned(),
            (Way::Outgoing, false) => "not guarded: this may reach everyone".to_owned(),
            (Way::Outgoing, true) => "not all guarded: some of these may reach everyone".to_owned(),
        };
    }
    let mut words = Vec::new();
    let workloads = found.peers.keys().filter(|peer| match peer {
        Peer::Workload(id) => several || !own.contains(id),
        Peer::Other(_) => false,
    });
    let (workloads, mut others) = (workloads.count(), BTreeSet::new());
    for peer in found.peers.keys() {
        if let Peer::Other(ends) = peer {
            others.insert(super::peers::ends_spoken(ends));
        }
    }
    if workloads > 0 || others.is_empty() {
        words.push(match workloads {
            0 => "nobody".to_owned(),
            // Beside a name a bare number would be read as part of it.
            1 if !others.is_empty() => "1 workload".to_owned(),
            many if !others.is_empty() => format!("{many} workloads"),
            many => many.to_string(),
        });
    }
    const MOST: usize = 2;
    match others.len() {
        0..=MOST => words.extend(others),
        more => words.push(format!("{more} others")),
    }
    let these = if several { "these" } else { "this" };
    match way {
        Way::Incoming => format!("{} may reach {these}", words.join(" and ")),
        Way::Outgoing if words == ["nobody"] => format!("{these} may reach nobody"),
        Way::Outgoing => format!("{these} may reach {}", words.join(" and ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    fn shown(text: &str) -> Vec<String> {
        let fixture = fixture(text);
        let desk = fixture.desk();
        lenses(&desk).iter().filter_map(|lens| title(&desk, lens)).collect()
    }

    #[test]
    fn sentences_say_how_many() {
        assert_eq!(
            shown("db locked;\nweb, api may reach db:5432;\n"),
            ["2 may reach this", "this may reach 1", "show YAML", "2 may reach this", "show YAML"]
        );
        assert_eq!(
            shown("namespace shop isolated;\n"),
            ["2 may reach these", "these may reach 3", "show YAML"]
        );
    }

    #[test]
    fn what_is_open_is_said_to_be() {
        assert_eq!(shown("web may reach db:5432;\n"), ["not guarded: everyone may reach this", "show YAML"]);
        assert_eq!(shown("db locked for ingress;\n")[0], "nobody may reach this");
    }

    #[test]
    fn what_becomes_nothing_has_none() {
        assert_eq!(
            shown("test \"t\" { web reaches db:5432; }\nuse std.kubernetes;\nwhat is this;\n"),
            [""; 0]
        );
        assert_eq!(shown(""), [""; 0]);
    }
}
