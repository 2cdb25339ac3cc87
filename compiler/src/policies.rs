//! Policy objects that others wrote, read from texts that hold other objects, too. Knows nothing of programs, and leaves to
//! `enforce` what the objects say.

use std::collections::{BTreeMap, BTreeSet};

use weir_cluster::enforce::{self, ForeignPolicy, Picked, Policies, PolicyError};

use crate::diagnostic::{self, Code, Diagnostic, InputPlace};
use crate::facts::Facts;
use crate::target::Target;
use crate::threads;
use crate::verify::dialect;

/// How many objects are told of one kind of trouble.
const TOLD: usize = 20;

/// The policies of a cluster, as a target's plugin enforces them.
pub struct Existing {
    policies: Policies,
    /// What stood beside them, by kind.
    passed: BTreeMap<String, usize>,
}

/// Reads the policies of texts, each with its name. Objects that name no namespace are in this one.
pub fn read(target: Target, namespace: &str, texts: &[(&str, &str)]) -> Result<Existing, Vec<Diagnostic>> {
    let dialect = dialect(target);
    let read = threads::stretches(texts.len(), |range| enforce::pick_all(dialect, namespace, &texts[range]));
    let (mut policies, mut passed) = (Policies::none(dialect), BTreeMap::new());
    let (mut errors, mut foreign) = (Vec::new(), Vec::new());
    for picked in read {
        match picked {
            Ok(Picked { policies: more, passed: beside, foreign: others }) => {
                errors.extend(policies.extend(more).err().unwrap_or_default());
                foreign.extend(others);
                for (kind, count) in beside {
                    *passed.entry(kind.to_string()).or_default() += count;
                }
            }
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() && foreign.is_empty() {
        return Ok(Existing { policies, passed });
    }
    let malformed = errors.iter().map(|error| at(Diagnostic::error(Code::E0602, malformed(error)), error));
    let others = foreign.iter().map(|one| of_another_format(one, target));
    Err(cut(malformed.chain(others).collect()))
}

fn malformed(error: &PolicyError) -> String {
    match error.path.as_str() {
        "" => error.message.clone(),
        path => format!("`{path}`: {}", error.message),
    }
}

fn of_another_format(policy: &ForeignPolicy, target: Target) -> Diagnostic {
    let said = format!("{}, which `{}` does not enforce", policy.told.message, target.name());
    let said = at(Diagnostic::error(Code::E0802, said), &policy.told);
    let readers: Vec<String> = Target::ALL
        .iter()
        .filter(|other| policy.dialects.contains(&dialect(**other)))
        .map(|other| format!("`-t {}`", other.name()))
        .collect();
    match readers.as_slice() {
        [] => {
            said.with_help("no target of Weir reads it: leave it out, and mind that what it says is missing")
        }
        readers => said.with_help(format!(
            "{} reads it; or leave it out, and mind that what it says is missing",
            readers.join(" or ")
        )),
    }
}

/// With the place in a file that is no Weir text.
fn at(mut said: Diagnostic, error: &PolicyError) -> Diagnostic {
    said.input = Some(InputPlace {
        file: error.file.to_string(),
        document: error.document,
        line: error.line,
        column: 0,
    });
    said
}

/// A list that is cut short, with how much is missing.
fn cut(mut said: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let more = said.len().saturating_sub(TOLD);
    said.truncate(TOLD);
    if let (1.., Some(last)) = (more, said.last_mut()) {
        last.notes.push(format!("and {more} more objects"));
    }
    said
}

impl Existing {
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// `read 3 policies; passed over 2 Deployment`.
    pub fn line(&self) -> String {
        let count = self.policies.len();
        let mut line = format!("policies: {count} {}", if count == 1 { "object" } else { "objects" });
        if !self.passed.is_empty() {
            const SHOWN: usize = 6;
            let kind = |(kind, count): (&String, &usize)| format!("{count} {}", diagnostic::printable(kind));
            let shown: Vec<String> = self.passed.iter().take(SHOWN).map(kind).collect();
            line += &format!("; passed over {}", shown.join(", "));
            if self.passed.len() > SHOWN {
                line += &format!(" and {} more kinds", self.passed.len() - SHOWN);
            }
        }
        line
    }

    /// What of these objects governs nobody, and what nothing enforces.
    pub fn warnings(&self, facts: &Facts<'_>) -> Vec<Diagnostic> {
        let mut homeless: BTreeMap<&str, Vec<&enforce::Object>> = BTreeMap::new();
        for object in self.policies.objects() {
            if let Some(namespace) = &object.namespace
                && facts.inventory.namespace(namespace).is_none()
            {
                homeless.entry(namespace).or_default().push(object);
            }
        }
        let of_namespace = |(namespace, objects): (&str, Vec<&enforce::Object>)| {
            let count = match objects.len() {
                1 => "one policy governs nobody".to_owned(),
                count => format!("{count} policies govern nobody"),
            };
            let message = format!("{count}: the inventory has no namespace `{namespace}`");
            let said = Diagnostic::warning(Code::E0705, message);
            let said = objects.iter().take(3).fold(said, |said, object| {
                said.with_note(format!("{object} ({}:{})", object.place.file, object.place.line))
            });
            said.with_help(
                "give the inventory of that namespace, too, or name the one that is meant with `-n`",
            )
        };
        let homeless = homeless.into_iter().map(of_namespace);
        let ignored: BTreeSet<PolicyError> = self.policies.ignored().into_iter().collect();
        let ignored =
            ignored.iter().map(|error| at(Diagnostic::warning(Code::E0705, malformed(error)), error));
        cut(homeless.chain(ignored).collect())
    }
}
