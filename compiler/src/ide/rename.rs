//! Another name for a `let`, a parameter or a policy, in every file that sees it. The program means the same afterwards:
//! where it would not, the name is refused, with the place that stands in the way.

#[cfg(test)]
mod tests;

use weir_grammar::ast::{Policy, PortKind, Statement};
use weir_grammar::token::KEYWORDS;
use weir_grammar::{Span, format};

use super::references::text;
use super::symbol::{Symbol, of_tree, symbols};
use super::words::{Role, Word, word_at, words};
use super::{Desk, Edit};
use crate::resolve::names::Named;
use crate::source::{FileId, Place};

/// What is renamed.
enum Subject<'a> {
    /// All of the name in one file: where clusters have one each, they are one to whoever uses them.
    Let {
        home: FileId,
        exported: bool,
    },
    Policy {
        home: FileId,
        exported: bool,
    },
    Param(&'a Policy),
}

/// The name that would be renamed, without quotes; or why there is none, in words.
pub fn prepare(desk: &Desk<'_>, offset: u32) -> Result<(Span, String), String> {
    let (word, _) = subject(desk, offset)?;
    Ok((word.span, text(desk, word.span).to_owned()))
}

/// The edits that give the name at an offset another one; or what stands in the way, in words.
pub fn rename(desk: &Desk<'_>, offset: u32, new_name: &str) -> Result<Vec<Edit>, String> {
    let (word, subject) = subject(desk, offset)?;
    let new = legal(new_name)?;
    let old = text(desk, word.span);
    if new == old {
        return Ok(Vec::new());
    }
    let renaming = Renaming { subject, old, new };
    let mut edits = Vec::new();
    for file in renaming.files(desk) {
        renaming.in_file(&desk.beside(file), &mut edits)?;
    }
    Ok(edits)
}

/// A name as it may be given, without quotes.
fn legal(name: &str) -> Result<&str, String> {
    let name = name.trim();
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    if name.is_empty() {
        return Err("a name has at least one character".to_owned());
    }
    if name.contains('"') || name.contains(char::is_control) {
        return Err("a name has no quotes and no line breaks in it".to_owned());
    }
    if KEYWORDS.contains(&name) {
        return Err(format!("`{name}` is a word of the language: choose another name"));
    }
    Ok(name)
}

fn subject<'a>(desk: &Desk<'a>, offset: u32) -> Result<(Word<'a>, Subject<'a>), String> {
    let file = &desk.workspace.sources.get(desk.file).parse.file;
    let word = word_at(file, offset).ok_or("there is no name here")?;
    let name = text(desk, word.span);
    let found = of_tree(desk, &word);
    let subject = match found.first() {
        Some(Symbol::Let(first)) => let_subject(desk, name, &found, first.file)?,
        Some(Symbol::Policy(first)) => policy_subject(desk, name, &found, first.file)?,
        Some(Symbol::Param(_)) => {
            let policy = match word.role {
                Role::ParamDefinition(policy, _) => Some(policy),
                _ => word.policy,
            };
            let policy = policy.ok_or("there is no name here")?;
            if policy.params.iter().filter(|param| param.name.text == name).count() > 1 {
                return Err(format!("parameter `{name}` stands twice: mend that first"));
            }
            Subject::Param(policy)
        }
        _ => return Err(refusal(desk, &word, name)),
    };
    let home = match subject {
        Subject::Let { home, .. } | Subject::Policy { home, .. } => home,
        Subject::Param(_) => desk.file,
    };
    match desk.workspace.sources.get(home).library {
        true => Err(format!(
            "`{name}` is part of Weir's library: define a `let` or a policy of your own that uses it"
        )),
        false => Ok((word, subject)),
    }
}

fn let_subject<'a>(
    desk: &Desk<'a>,
    name: &str,
    found: &[Symbol],
    home: FileId,
) -> Result<Subject<'a>, String> {
    let other = found.iter().any(|symbol| !matches!(symbol, Symbol::Let(place) if place.file == home));
    let at_home = desk.beside(home);
    let lets: Vec<_> = at_home.scope().lets(name).collect();
    if other || lets.iter().any(|(file, _)| *file != home) {
        return Err(format!("`{name}` comes from several modules: mend that first"));
    }
    if lets.is_empty() {
        return Err("no `let` may stand here: move it out of the block first".to_owned());
    }
    Ok(Subject::Let { home, exported: lets.iter().any(|(_, tree)| tree.export.is_some()) })
}

fn policy_subject<'a>(
    desk: &Desk<'a>,
    name: &str,
    found: &[Symbol],
    home: FileId,
) -> Result<Subject<'a>, String> {
    let at_home = desk.beside(home);
    let policies: Vec<_> = at_home.scope().policies(name).collect();
    match (found.len(), policies.as_slice()) {
        (1, [(_, tree)]) => Ok(Subject::Policy { home, exported: tree.export.is_some() }),
        (_, []) => Err("a policy stands at the top of a file: move it out of the block first".to_owned()),
        _ => Err(format!("there are several policies `{name}`: mend that first")),
    }
}

/// Why a word cannot be renamed, and what to do instead.
fn refusal(desk: &Desk<'_>, word: &Word<'_>, name: &str) -> String {
    let of_cluster = |what: &str| {
        format!(
            "`{name}` is a {what} of the cluster: rename it in its manifest, then write its new name here"
        )
    };
    match symbols(desk, word).first() {
        Some(Symbol::Thing(Named::Workload(_) | Named::Both(..))) => of_cluster("workload"),
        Some(Symbol::Thing(Named::Service(_))) => of_cluster("service"),
        Some(Symbol::Thing(Named::Namespace(_)) | Symbol::Namespace(_)) => of_cluster("namespace"),
        Some(Symbol::ServiceAccount { .. }) => of_cluster("service account"),
        Some(Symbol::Label { .. }) => "labels are the cluster's: change them in the manifests".to_owned(),
        Some(Symbol::Builtin(_)) => format!("`{name}` is a word of the language"),
        Some(Symbol::Module(_)) => {
            "a module is called after its file: rename the file, and write its new name in every `use`"
                .to_owned()
        }
        Some(Symbol::Cluster(_)) => {
            "clusters get their names in `weir.toml`: change it there, and in every block".to_owned()
        }
        Some(Symbol::Let(_) | Symbol::Param(_) | Symbol::Policy(_)) | None => match word.role {
            Role::Bare(_) | Role::Thing { .. } | Role::Namespace(_) | Role::Policy(_) | Role::Module(_) => {
                format!("`{name}` is defined nowhere in the program")
            }
            _ => "only `let`s, parameters and policies are renamed: change this where it stands".to_owned(),
        },
    }
}

struct Renaming<'a> {
    subject: Subject<'a>,
    old: &'a str,
    new: &'a str,
}

impl Renaming<'_> {
    /// The files that see the name.
    fn files(&self, desk: &Desk<'_>) -> Vec<FileId> {
        let (home, exported) = match self.subject {
            Subject::Param(_) => return vec![desk.file],
            Subject::Let { home, exported } | Subject::Policy { home, exported } => (home, exported),
        };
        let own = desk.workspace.sources.iter().filter(|(_, source)| !source.library).map(|(file, _)| file);
        let sees = |file: &FileId| {
            *file == home || (exported && desk.beside(*file).scope().imports().contains(&home))
        };
        own.filter(sees).collect()
    }

    fn in_file(&self, desk: &Desk<'_>, edits: &mut Vec<Edit>) -> Result<(), String> {
        self.check_names(desk)?;
        self.check_unread(desk, desk.statements())?;
        for word in words(&desk.source().parse.file) {
            let name = text(desk, word.span);
            if name == self.new {
                self.check_captured(desk, &word)?;
            }
            if name == self.old && self.is_meant(desk, &word)? {
                self.check_hidden(desk, &word)?;
                edits.push(Edit { place: desk.place(word.span), text: format::quoted(self.new) });
            }
        }
        Ok(())
    }

    /// Names that the file has already.
    fn check_names(&self, desk: &Desk<'_>) -> Result<(), String> {
        let new = self.new;
        if let Subject::Param(policy) = self.subject {
            let Some(param) = policy.params.iter().find(|param| param.name.text == new) else {
                return Ok(());
            };
            let place = spoken(desk, desk.place(param.name.span));
            return Err(format!("the policy has a parameter `{new}` already: {place}"));
        }
        if let Some((file, tree)) = desk.scope().lets(new).next() {
            let place = spoken(desk, Place { file, span: tree.name.span });
            return Err(format!("there is a `let` called `{new}` already: {place}"));
        }
        if let Some((file, tree)) = desk.scope().policies(new).next() {
            let place = spoken(desk, Place { file, span: tree.name.span });
            return Err(format!("there is a policy called `{new}` already: {place}"));
        }
        Ok(())
    }

    /// What cannot be read may speak of the name.
    fn check_unread(&self, desk: &Desk<'_>, statements: &[Statement]) -> Result<(), String> {
        for statement in statements {
            if let Statement::Error(span) = statement
                && self.is_near(*span)
                && desk.text().get(span.range()).is_some_and(|text| text.contains(self.old))
            {
                let place = spoken(desk, desk.place(*span));
                return Err(format!("a statement that cannot be read may use `{}`: {place}", self.old));
            }
            self.check_unread(desk, statement.body())?;
        }
        Ok(())
    }

    fn is_near(&self, span: Span) -> bool {
        match self.subject {
            Subject::Param(policy) => policy.span.start <= span.start && span.end <= policy.span.end,
            _ => true,
        }
    }

    /// Words that mean something else today, and would mean what is renamed.
    fn check_captured(&self, desk: &Desk<'_>, word: &Word<'_>) -> Result<(), String> {
        let is_param = word.policy.is_some_and(|policy| has_param(policy, self.new));
        let is_captured = match &self.subject {
            Subject::Let { .. } => {
                let takes_sets = |(apply, at)| desk.scope().takes_sets(apply, at);
                matches!(word.role, Role::Bare(_)) && !is_param && word.argument.is_none_or(takes_sets)
            }
            Subject::Policy { .. } => matches!(word.role, Role::Policy(_)),
            Subject::Param(policy) => {
                let is_name = match word.role {
                    Role::Bare(_) | Role::Namespace(_) => true,
                    Role::Port(port) => matches!(port.kind, PortKind::Name(_)),
                    _ => false,
                };
                is_name && word.policy.is_some_and(|around| around.span == policy.span)
            }
        };
        match is_captured {
            true => {
                let place = spoken(desk, desk.place(word.span));
                Err(format!("`{}` has a meaning here that it would lose: {place}", self.new))
            }
            false => Ok(()),
        }
    }

    /// A use within a policy whose parameter has the new name.
    fn check_hidden(&self, desk: &Desk<'_>, word: &Word<'_>) -> Result<(), String> {
        let hides = |policy: &&Policy| has_param(policy, self.new);
        match (&self.subject, word.policy.filter(hides)) {
            (Subject::Let { .. }, Some(policy)) => {
                let (new, policy) = (self.new, &policy.name.text);
                let place = spoken(desk, desk.place(word.span));
                Err(format!("in policy `{policy}` the name `{new}` is a parameter: {place}"))
            }
            _ => Ok(()),
        }
    }

    fn is_meant(&self, desk: &Desk<'_>, word: &Word<'_>) -> Result<bool, String> {
        let found = of_tree(desk, word);
        let is_it = |symbol: &Symbol| match (&self.subject, symbol) {
            (Subject::Let { home, .. }, Symbol::Let(place))
            | (Subject::Policy { home, .. }, Symbol::Policy(place)) => place.file == *home,
            (Subject::Param(policy), Symbol::Param(place)) => {
                policy.params.iter().any(|param| param.name.span == place.span)
            }
            _ => false,
        };
        if found.iter().any(is_it) && !found.iter().all(is_it) {
            let place = spoken(desk, desk.place(word.span));
            return Err(format!("`{}` comes from several modules: {place}", self.old));
        }
        Ok(found.iter().any(is_it))
    }
}

fn has_param(policy: &Policy, name: &str) -> bool {
    policy.params.iter().any(|param| param.name.text == name)
}

/// `shop.weir`, line 3
fn spoken(desk: &Desk<'_>, place: Place) -> String {
    let source = desk.workspace.sources.get(place.file);
    let before = source.text.get(..place.span.start as usize).unwrap_or_default();
    let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
    format!("`{}`, line {line}", source.path)
}
