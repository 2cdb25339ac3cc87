//! The objects that sentences become, as an editor shows them: made of these sentences and of the guards that they meet,
//! and not of the whole program, which may be large.

use std::sync::Arc;

use weir_grammar::Span;
use weir_grammar::ast::Statement;
use weir_grammar::format;

use super::{Desk, Workspace};
use crate::facts::Facts;
use crate::relate::relate;
use crate::relation::{Guard, Relation};
use crate::resolve::program::{Ends, Program, Sentence, SentenceId};
use crate::selector::PodSet;
use crate::target::{self, Target};
use crate::{analyze, emit};

/// What the statement at an offset becomes, for the desk's cluster; for its target, where none is chosen. `None` where
/// nothing stands that becomes anything.
pub fn of_statement(desk: &Desk<'_>, offset: u32, target: Option<Target>) -> Option<String> {
    let statement = innermost(desk.statements(), offset)?;
    let own = sentences_in(desk, statement.span());
    let head = match statement {
        Statement::Sentence(tree) => format!("{}: {}", desk.source().name, format::sentence(tree)),
        _ => format!("{}: {}", desk.source().name, counted(own.len())),
    };
    (!own.is_empty()).then(|| written(desk, &own, target, &head))
}

/// What the sentences of a file become.
pub fn of_file(desk: &Desk<'_>, target: Option<Target>) -> Option<String> {
    let own: Vec<Arc<Sentence>> = desk.part().program.sentences.to_vec();
    let head = format!("{}: {}", desk.source().name, counted(own.len()));
    (!own.is_empty()).then(|| written(desk, &own, target, &head))
}

/// Everything that a program becomes in one of its clusters. `Err` where it has errors: it means nothing yet.
pub fn of_program(workspace: &Workspace, site: usize, target: Option<Target>) -> Result<String, String> {
    let world = &workspace.sites[site].world;
    if !world.is_known {
        return Err("there is no inventory, and without one nothing is compiled".to_owned());
    }
    let mut setting = workspace.setting(site);
    setting.target = target.unwrap_or(setting.target);
    match analyze(&workspace.sources, &setting).build(world.facts()) {
        Some(documents) => Ok(emit::stream(&documents)),
        None => Err("the program has errors, and means nothing yet".to_owned()),
    }
}

fn counted(sentences: usize) -> String {
    if sentences == 1 { "one sentence".to_owned() } else { format!("{sentences} sentences") }
}

/// The innermost statement around an offset that is no mere wrapper of others.
fn innermost(statements: &[Statement], offset: u32) -> Option<&Statement> {
    let holds = |span: Span| span.start <= offset && offset <= span.end;
    let around = statements.iter().find(|statement| holds(statement.span()))?;
    Some(innermost(around.body(), offset).unwrap_or(around))
}

/// The sentences that stand within a span, or come of what is applied there.
fn sentences_in(desk: &Desk<'_>, span: Span) -> Vec<Arc<Sentence>> {
    let place = desk.place(span);
    let sentences = desk.part().program.sentences.iter();
    let inside = |sentence: &&Arc<Sentence>| {
        place.holds(sentence.place) || sentence.origin.applied.iter().any(|applied| place.holds(*applied))
    };
    sentences.filter(inside).cloned().collect()
}

fn written(desk: &Desk<'_>, own: &[Arc<Sentence>], target: Option<Target>, head: &str) -> String {
    let mut setting = desk.setting();
    setting.target = target.unwrap_or(setting.target);
    let facts = setting.facts;
    let mut program = Program { sentences: own.to_vec(), ..Program::default() };
    let mut relation = relate(&program, setting.today);
    let mut met = Vec::new();
    for (guard, sentence) in guards_elsewhere(desk, own) {
        if meets(&guard, &relation, facts) {
            let id = SentenceId(program.sentences.len() as u32);
            program.sentences.push(sentence);
            met.push(Guard { sentence: id, ..guard });
        }
    }
    relation.guards.extend(met);
    let (bound, _) = target::bind(relation, &program, facts, setting.target, &setting.options);
    let objects = target::lower(setting.target, &setting.options, &bound, &program, facts);
    let documents = emit::emit(&objects);
    let cluster = match desk.site().world.cluster.name.as_str() {
        "" => String::new(),
        name => format!("cluster {name}, "),
    };
    let mut text = format!("# {cluster}target {}\n", setting.target.name());
    head.lines().for_each(|line| text += &format!("# {line}\n"));
    if documents.is_empty() {
        text +=
            "# Nothing is written for it: no posture closes either end, so that nothing has to be opened.\n";
        text += "# `… locked;` or `… isolated;` on one of them would give it force.\n";
        return text;
    }
    text += "# What other sentences add to these objects is left out.\n";
    text + &emit::stream(&documents)
}

/// What closes pods, said by other sentences: of this file as it is now, of others as they were judged last.
fn guards_elsewhere(desk: &Desk<'_>, own: &[Arc<Sentence>]) -> Vec<(Guard, Arc<Sentence>)> {
    let part = &desk.part().program;
    let is_own = |sentence: &Arc<Sentence>| own.iter().any(|own| Arc::ptr_eq(own, sentence));
    let here = relate(part, desk.setting().today).guards.into_iter().filter_map(|guard| {
        let sentence = part.sentences.get(guard.sentence.0 as usize)?;
        (!is_own(sentence)).then(|| (guard, Arc::clone(sentence)))
    });
    let file = desk.file;
    let beyond = desk.peers().into_iter().flat_map(|peers| peers.guards());
    let beyond = beyond.filter(|(_, sentence)| {
        sentence.place.file != file && sentence.origin.applied.iter().all(|place| place.file != file)
    });
    here.chain(beyond.cloned()).collect()
}

/// Whether a guard closes an end of what is granted or denied: there the rules stand.
fn meets(guard: &Guard, relation: &Relation, facts: &Facts<'_>) -> bool {
    let closed = facts.governed(&guard.pods);
    let meets = |ends: &[Ends]| {
        ends.iter().any(|ends| match ends {
            Ends::Pods(pods) => {
                let today = facts.governed(pods);
                match today.is_empty() || closed.is_empty() {
                    true => pods.and(&guard.pods).map_or(true, |both: PodSet| !both.is_empty()),
                    false => !today.is_disjoint(&closed),
                }
            }
            Ends::Anywhere => true,
            _ => false,
        })
    };
    let between = |from: &[Ends], to: &[Ends]| (guard.egress && meets(from)) || (guard.ingress && meets(to));
    relation.grants.iter().any(|grant| between(&grant.from, &grant.to))
        || relation.denials.iter().any(|denial| between(&denial.from, &denial.to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::{Fixture, fixture, fixture_for};

    fn shown(fixture: &Fixture) -> String {
        of_statement(&fixture.desk(), fixture.offset, None).unwrap()
    }

    #[test]
    fn a_grant_is_shown_with_the_guards_that_it_meets() {
        let text = shown(&fixture("web, db locked;\nweb may $0reach db:5432;\napi may reach db:5432;\n"));
        assert!(text.starts_with("# target networkpolicy\n# main.weir: web may reach db:5432\n"), "{text}");
        assert_eq!(text.matches("kind: NetworkPolicy").count(), 2, "{text}");
        assert!(
            text.contains("app: web") && text.contains("port: 5432") && !text.contains("app: api"),
            "{text}"
        );
    }

    #[test]
    fn guards_of_other_files_count() {
        let text = shown(&fixture("web may $0reach db:5432;\n-- guards.weir --\ndb locked;\n"));
        assert_eq!(text.matches("kind: NetworkPolicy").count(), 1, "{text}");
        assert!(text.contains("guards.weir: db locked"), "{text}");
    }

    #[test]
    fn what_changes_nothing_is_said_to() {
        let text = shown(&fixture("web may reach $0db:5432;\n"));
        assert!(text.contains("# Nothing is written for it"), "{text}");
    }

    #[test]
    fn other_targets_are_shown_as_they_are_written() {
        let fixture = fixture_for("db $0locked;\n", Target::Cilium);
        assert!(shown(&fixture).contains("kind: CiliumNetworkPolicy"));
        let calico = of_statement(&fixture.desk(), fixture.offset, Some(Target::Calico)).unwrap();
        assert!(calico.contains("kind: GlobalNetworkPolicy"), "{calico}");
    }

    #[test]
    fn what_is_applied_is_shown_where_it_is() {
        let text = shown(&fixture("policy p(a) { a locked; }\napply $0p(web);\n"));
        assert!(text.contains("main.weir: one sentence") && text.contains("app: web"), "{text}");
    }

    #[test]
    fn a_program_is_shown_whole_or_not_at_all() {
        let whole = |text: &str| of_program(&fixture(text).workspace, 0, None);
        assert!(whole("db locked;").unwrap().contains("kind: NetworkPolicy"));
        assert_eq!(whole("nobody locked;").unwrap_err(), "the program has errors, and means nothing yet");
    }
}
