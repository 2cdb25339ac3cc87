//! The objects that sentences become, without lowering the whole program: these sentences alone, beside the guards that
//! they meet. What other sentences add to the same objects is left out, and said so.

mod idle;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use roaring::RoaringBitmap as Bits;
use weir_grammar::ast::Statement;

use super::statement::statement_at;
use super::{Desk, Workspace, say};
use crate::diagnostic::Diagnostic;
use crate::emit::{self, Document};
use crate::relate::relate;
use crate::relation::{Guard, Relation};
use crate::resolve::program::{Ends, Exclusive, Program, Sentence, SentenceId, SentenceKind};
use crate::selector::PodSet;
use crate::source::{FileId, Place};
use crate::target::{self, Target};
use crate::{Setting, check};

/// The most objects, and the most guards of other sentences, that are looked at for one statement and for a file.
const OF_STATEMENT: usize = 200;
const OF_FILE: usize = 2000;

/// What sentences become.
pub(super) struct Compiled {
    /// Why there is less than one may expect.
    pub notes: Vec<String>,
    pub documents: Vec<Document>,
    /// How many objects are left out.
    pub more: usize,
}

/// What the statement at an offset becomes: of a block the sentences inside of it, of an `apply` those that it writes
/// down. `None` where nothing stands that makes objects.
pub fn of_statement(desk: &Desk<'_>, offset: u32, target: Option<Target>) -> Option<String> {
    let statement = statement_at(desk.statements(), offset)?;
    let compiled = statement_compiled(desk, statement, target, OF_STATEMENT)?;
    let place = desk.place(statement.span());
    Some(text(desk, &say::place(desk.workspace, place), target, &compiled))
}

/// What the sentences of the file become, those of the policies that it applies included.
pub fn of_file(desk: &Desk<'_>, target: Option<Target>) -> Option<String> {
    if !desk.is_known() {
        return None;
    }
    let chosen: Vec<Arc<Sentence>> = desk.part().program.sentences.clone();
    if chosen.is_empty() {
        return None;
    }
    let compiled = compile(desk, chosen, target, OF_FILE);
    Some(text(desk, &desk.source().name, target, &compiled))
}

/// What the whole program becomes in one of its clusters. It takes as long as a build.
pub fn of_program(workspace: &Workspace, site: usize, target: Option<Target>) -> Result<String, String> {
    let at = workspace.sites.get(site).ok_or("there is no such cluster")?;
    if !at.world.is_known {
        return Err("there is no inventory to build the program against".to_owned());
    }
    let own = workspace.setting(site);
    let setting = Setting { target: target.unwrap_or(own.target), ..own };
    let analysis = crate::analyze(&workspace.sources, &setting);
    let Some(documents) = analysis.build(setting.facts) else {
        let errors: Vec<&Diagnostic> = analysis.diagnostics.iter().filter(|said| said.is_error()).collect();
        let first = errors.first().map(|said| spoken(said)).unwrap_or_default();
        return Err(match errors.len() {
            0 | 1 => format!("the program has an error: {first}"),
            some => format!("the program has {some} errors, the first of them: {first}"),
        });
    };
    let head = format!("# The whole program{}\n", for_whom(&at.world.cluster.name, setting.target));
    if documents.is_empty() {
        return Ok(head + "# No sentence guards anything: there is nothing to write.\n");
    }
    Ok(format!("{head}---\n{}", emit::stream(&documents)))
}

/// What a statement becomes, at most so many objects.
pub(super) fn statement_compiled(
    desk: &Desk<'_>,
    statement: &Statement,
    target: Option<Target>,
    most: usize,
) -> Option<Compiled> {
    let makes = matches!(
        statement,
        Statement::Sentence(_) | Statement::Block(_) | Statement::Apply(_) | Statement::Policy(_)
    );
    if !makes || !desk.is_known() {
        return None;
    }
    let around = desk.place(statement.span());
    let comes_from = |sentence: &&Arc<Sentence>| {
        around.holds(sentence.place) || sentence.origin.applied.iter().any(|applied| around.holds(*applied))
    };
    let chosen: Vec<Arc<Sentence>> =
        desk.part().program.sentences.iter().filter(comes_from).cloned().collect();
    if chosen.is_empty() {
        let why = match statement {
            Statement::Policy(_) => "Nothing in this file applies this policy: by itself it makes no object.",
            _ if has_errors(desk, around) => "What has errors makes no object.",
            _ => "This makes no object here.",
        };
        return Some(Compiled { notes: vec![why.to_owned()], documents: Vec::new(), more: 0 });
    }
    Some(compile(desk, chosen, target, most))
}

fn has_errors(desk: &Desk<'_>, around: Place) -> bool {
    let inside = |said: &&Diagnostic| said.labels.first().is_some_and(|label| around.holds(label.place));
    let errors = &desk.source().parse.errors;
    errors.iter().any(|error| around.holds(desk.place(error.span)))
        || desk.part().diagnostics.iter().filter(inside).any(Diagnostic::is_error)
}

/// Ends that rules may be made for, one way.
#[derive(Default)]
struct Own {
    sets: Vec<PodSet>,
    classes: Bits,
}

impl Own {
    fn add(&mut self, pods: &PodSet, desk: &Desk<'_>) {
        if !self.sets.iter().any(|known| known.is(pods)) {
            self.classes |= &*desk.facts().ground(pods);
            self.sets.push(pods.clone());
        }
    }

    /// Whether some of the pods, today's or tomorrow's, belong to a guard.
    fn meets(&self, guard: &PodSet, desk: &Desk<'_>) -> bool {
        /// Of more sets, those pods count that there are.
        const MOST_COMPARED: usize = 64;
        if !desk.facts().ground(guard).is_disjoint(&self.classes) {
            return true;
        }
        let meets = |own: &PodSet| {
            own.terms().iter().any(|own| guard.terms().iter().any(|guard| own.and(guard).is_some()))
        };
        self.sets.len() <= MOST_COMPARED && self.sets.iter().any(meets)
    }
}

fn compile(desk: &Desk<'_>, chosen: Vec<Arc<Sentence>>, target: Option<Target>, most: usize) -> Compiled {
    let own = desk.setting();
    let setting = Setting { target: target.unwrap_or(own.target), ..own };
    let mut notes = Vec::new();
    let mut program = Program { sentences: chosen, ..Program::default() };
    let count = program.sentences.len();
    let mut relation = relate(&program, setting.today);
    let left = beside(desk, &mut program, &mut relation, most);
    if left > 0 {
        let guards = say::count(left as u64, "guard");
        notes.push(format!("{guards} more of other sentences are met, and not looked at here."));
    }
    let (bound, mut found) =
        target::bind(relation, &program, setting.facts, setting.target, &setting.options);
    found.extend(check::of_target(&program, &bound, &setting));
    let places: BTreeSet<Place> = program.sentences[..count].iter().map(|one| one.place).collect();
    let is_own = |said: &&Diagnostic| {
        said.labels.first().is_some_and(|label| places.iter().any(|place| place.holds(label.place)))
    };
    let errors: BTreeSet<String> =
        found.iter().filter(|said| said.is_error()).filter(is_own).map(spoken).collect();
    if !errors.is_empty() {
        notes.extend(errors);
        return Compiled { notes, documents: Vec::new(), more: 0 };
    }
    let texts: BTreeSet<&str> =
        program.sentences[..count].iter().map(|sentence| sentence.source.as_str()).collect();
    let mut objects = target::lower(setting.target, &setting.options, &bound, &program, setting.facts);
    let is_of_these = |text: &str| text.lines().any(|line| texts.contains(line));
    objects.retain(|object| object.sentences().is_none_or(is_of_these));
    if objects.iter().all(|object| object.sentences().is_none()) {
        objects.clear(); // what others would refer to
    }
    let more = objects.len().saturating_sub(most);
    objects.truncate(most);
    let documents = emit::emit(&objects);
    if documents.is_empty() {
        notes.extend(idle::why(desk, &program.sentences[..count], setting.today));
    }
    Compiled { notes, documents, more }
}

/// Adds the guards of other sentences that the ends of these meet; how many of them there was no room for.
fn beside(desk: &Desk<'_>, program: &mut Program, relation: &mut Relation, most: usize) -> usize {
    let (mut ingress, mut egress) = (Own::default(), Own::default());
    let everyone = PodSet::all();
    for grant in &relation.grants {
        for (ends, own) in [(&grant.from, &mut egress), (&grant.to, &mut ingress)] {
            for ends in ends {
                match ends {
                    Ends::Pods(pods) => own.add(pods, desk),
                    Ends::Anywhere => own.add(&everyone, desk),
                    _ => {}
                }
            }
        }
    }
    for guard in &relation.guards {
        if guard.ingress {
            ingress.add(&guard.pods, desk);
        }
        if guard.egress {
            egress.add(&guard.pods, desk);
        }
    }
    let chosen: BTreeSet<*const Sentence> = program.sentences.iter().map(Arc::as_ptr).collect();
    // Those of this file as it is now, those of the others as they were judged last.
    let here = desk.part().program.sentences.iter();
    let here = here.filter(|sentence| guards(sentence) && !chosen.contains(&Arc::as_ptr(sentence)));
    let here = Program { sentences: here.cloned().collect(), ..Program::default() };
    let today = desk.workspace.today;
    let own = relate(&here, today).guards.into_iter().map(|guard| {
        let sentence = Arc::clone(&here.sentences[guard.sentence.0 as usize]);
        (guard, sentence)
    });
    let others = desk.peers().map(|peers| peers.guards()).unwrap_or_default().iter();
    let others = others.filter(|(_, sentence)| resolved_in(sentence) != desk.file).cloned();
    let mut left = 0;
    for (guard, sentence) in own.chain(others) {
        let is_met = guard.ingress && ingress.meets(&guard.pods, desk)
            || guard.egress && egress.meets(&guard.pods, desk);
        if !is_met {
            continue;
        }
        if relation.guards.len() >= most {
            left += 1;
            continue;
        }
        relation.guards.push(Guard { sentence: SentenceId(program.sentences.len() as u32), ..guard });
        program.sentences.push(sentence);
    }
    left
}

fn guards(sentence: &Sentence) -> bool {
    match &sentence.kind {
        SentenceKind::Posture(_) => true,
        SentenceKind::Grant(grant) => grant.exclusive != Exclusive::No,
        SentenceKind::Guardrail(_) => false,
    }
}

/// The file that a sentence is a part of the program by: its own, or the one that applies its policy.
fn resolved_in(sentence: &Sentence) -> FileId {
    sentence.origin.applied.last().unwrap_or(&sentence.place).file
}

fn spoken(said: &Diagnostic) -> String {
    format!("{}[{}]: {}", said.severity.word(), said.code.name(), said.message)
}

fn for_whom(cluster: &str, target: Target) -> String {
    let target = target.name();
    match cluster {
        "" => format!(", for the target `{target}`"),
        name => format!(", in the cluster `{name}`, for the target `{target}`"),
    }
}

fn text(desk: &Desk<'_>, what: &str, target: Option<Target>, compiled: &Compiled) -> String {
    let target = target.unwrap_or(desk.site().target);
    let mut text = format!("# {what}{}\n", for_whom(&desk.site().world.cluster.name, target));
    if !compiled.documents.is_empty() {
        text += "# Other sentences may add rules to these objects; `weir build` writes all of them.\n";
    }
    for note in &compiled.notes {
        text += &format!("# {}\n", note.replace('\n', " "));
    }
    if compiled.more > 0 {
        text += &format!("# {} more are left out here.\n", say::count(compiled.more as u64, "object"));
    }
    if !compiled.documents.is_empty() {
        text += "---\n";
        text += &emit::stream(&compiled.documents);
    }
    text
}
