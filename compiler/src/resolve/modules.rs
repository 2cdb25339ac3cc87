//! Modules: which file brings which names to which, what may stand where, and what nothing uses. Trees alone: no
//! cluster is known here.

use std::collections::{BTreeMap, BTreeSet};

use weir_grammar::Span;
use weir_grammar::ast::{self, BlockHead, SentenceKind, Statement, Verb};

use super::names;
use crate::diagnostic::{Code, Diagnostic, listed};
use crate::source::{FileId, Place, Sources};

/// Of every file, by its id.
pub(super) struct Modules<'a> {
    files: Vec<Module<'a>>,
    /// Policies that are applied somewhere, in whatever cluster.
    applied: BTreeSet<(FileId, &'a str)>,
}

#[derive(Default)]
struct Module<'a> {
    imports: Vec<(FileId, Place)>,
    policies: BTreeMap<&'a str, &'a ast::Policy>,
    exported: BTreeSet<&'a str>,
    /// `let`s that stand where none may, which is told.
    misplaced: BTreeSet<&'a str>,
}

/// What a name of a policy leads to.
pub(super) enum Found<'a> {
    Policy(FileId, &'a ast::Policy),
    Nothing,
    /// The modules that bring one of this name.
    Several(Vec<String>),
}

impl<'a> Modules<'a> {
    pub fn of(sources: &'a Sources, diagnostics: &mut Vec<Diagnostic>) -> Modules<'a> {
        // Of two files of one name the library's is meant: `std` is its own.
        let named = |library: bool| {
            let files = sources.iter().filter(move |(_, source)| source.library == library);
            files.filter_map(|(file, source)| Some((source.module()?, file)))
        };
        let by_name: BTreeMap<String, FileId> = named(false).chain(named(true)).collect();
        let mut files = Vec::new();
        for (file, source) in sources.iter() {
            let statements = &source.parse.file.statements;
            let mut module = Module::default();
            if source.uses().plain {
                files.push(module);
                continue;
            }
            let mut places = Places { file, misplaced: &mut module.misplaced, diagnostics };
            places.check(statements, Where::Top, Around::Nothing);
            collect(statements, &mut module, file, diagnostics);
            for statement in statements {
                let Statement::Use(tree) = statement else { continue };
                let place = Place { file, span: tree.module.span };
                match by_name.get(&tree.module.text) {
                    Some(other) => module.imports.push((*other, place)),
                    None => diagnostics.push(unknown(&tree.module.text, place, &by_name)),
                }
            }
            files.push(module);
        }
        let mut modules = Modules { files, applied: BTreeSet::new() };
        for (file, source) in sources.iter() {
            for name in &source.uses().policies {
                if let Found::Policy(home, policy) = modules.policy(sources, file, name) {
                    modules.applied.insert((home, &policy.name.text));
                }
            }
        }
        modules.check_circles(sources, diagnostics);
        modules.check_unused(sources, diagnostics);
        modules
    }

    /// The files whose exported names a file has, each once.
    pub fn imports(&self, file: FileId) -> impl Iterator<Item = FileId> {
        let imports = &self.files[file.0 as usize].imports;
        let first = |at: &usize| imports[..*at].iter().all(|(other, _)| *other != imports[*at].0);
        (0..imports.len()).filter(first).map(|at| imports[at].0)
    }

    pub fn policies(&self) -> impl Iterator<Item = (FileId, &'a ast::Policy)> {
        let of_file = |(at, module): (usize, &Module<'a>)| {
            let file = FileId(at as u32);
            module.policies.values().map(move |policy| (file, *policy)).collect::<Vec<_>>()
        };
        self.files.iter().enumerate().flat_map(of_file)
    }

    /// Whether a `let` of this name stands where none may.
    pub fn is_misplaced(&self, file: FileId, name: &str) -> bool {
        self.files[file.0 as usize].misplaced.contains(name)
    }

    /// The policies of a file that nothing applies.
    pub fn unapplied(&self, file: FileId) -> impl Iterator<Item = &'a ast::Policy> {
        let policies = self.files[file.0 as usize].policies.values();
        policies.copied().filter(move |policy| !self.applied.contains(&(file, policy.name.text.as_str())))
    }

    pub fn policy(&self, sources: &Sources, file: FileId, name: &str) -> Found<'a> {
        let own = self.files[file.0 as usize].policies.get(name).map(|policy| (file, *policy));
        let imported = self.imports(file).filter(|other| *other != file).filter_map(|other| {
            let policy = self.files[other.0 as usize].policies.get(name)?;
            policy.export.map(|_| (other, *policy))
        });
        let found: Vec<(FileId, &ast::Policy)> = own.into_iter().chain(imported).collect();
        match found.as_slice() {
            [] => Found::Nothing,
            [(file, policy)] => Found::Policy(*file, policy),
            _ => Found::Several(found.iter().map(|(file, _)| sources.spoken_module(*file)).collect()),
        }
    }

    /// The names of policies that may be applied in a file.
    pub fn policy_names(&self, file: FileId) -> Vec<&'a str> {
        let own = self.files[file.0 as usize].policies.keys().copied();
        let imported = self.imports(file).flat_map(|other| {
            let policies = &self.files[other.0 as usize].policies;
            policies.iter().filter(|(_, policy)| policy.export.is_some()).map(|(name, _)| *name)
        });
        own.chain(imported).collect()
    }

    fn check_circles(&self, sources: &Sources, diagnostics: &mut Vec<Diagnostic>) {
        const NEW: u8 = 0;
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let mut state = vec![NEW; self.files.len()];
        for start in 0..self.files.len() {
            // The path of imports that leads to a file, each with how many of its imports are followed.
            let mut path: Vec<(usize, usize)> = Vec::new();
            if state[start] == NEW {
                state[start] = OPEN;
                path.push((start, 0));
            }
            while let Some((file, next)) = path.last_mut() {
                let Some((other, place)) = self.files[*file].imports.get(*next).copied() else {
                    state[*file] = DONE;
                    path.pop();
                    continue;
                };
                *next += 1;
                let other = other.0 as usize;
                match state[other] {
                    NEW => {
                        state[other] = OPEN;
                        path.push((other, 0));
                    }
                    OPEN => {
                        let from = path.iter().position(|(file, _)| *file == other).unwrap_or(0);
                        let circle: Vec<String> = path[from..]
                            .iter()
                            .map(|(file, _)| sources.spoken_module(FileId(*file as u32)))
                            .collect();
                        let uses =
                            path[from..].iter().map(|(file, next)| self.files[*file].imports[next - 1].1);
                        let mut said = Diagnostic::error(Code::E0213, "modules use each other in a circle")
                            .at(place, "leads back to where it began");
                        for way in uses.filter(|way| *way != place) {
                            said = said.at(way, "one step of the circle");
                        }
                        diagnostics.push(
                            said.with_note(format!("the circle is {}", listed(&circle, "and")))
                                .with_help("move what they share to a module of its own"),
                        );
                    }
                    _ => {}
                }
            }
        }
    }

    fn check_unused(&self, sources: &Sources, diagnostics: &mut Vec<Diagnostic>) {
        for (file, source) in sources.iter().filter(|(_, source)| !source.library && !source.uses().plain) {
            let statements = &source.parse.file.statements;
            let used = &source.uses().names;
            // Where words could not be read, nobody knows what they use.
            if !source.parse.errors.is_empty() {
                continue;
            }
            let unused = |code: Code, span: Span, message: String, help: &str| {
                Diagnostic::warning(code, message).at(Place { file, span }, "nothing uses it").with_help(help)
            };
            each_let(statements, &mut |tree| {
                if tree.export.is_none() && !used.contains(tree.name.text.as_str()) {
                    let message = format!("`{}` is never used", tree.name.text);
                    let help = "drop it, or write `export let` if other files are to use it";
                    diagnostics.push(unused(Code::W0114, tree.name.span, message, help));
                }
            });
            // An `apply` that leads nowhere is told, with the policies that it may have meant.
            let leads_nowhere = |name: &&str| matches!(self.policy(sources, file, name), Found::Nothing);
            let applied = source.uses().policies.iter().map(|name| &**name);
            let astray: Vec<&str> = applied.filter(leads_nowhere).collect();
            let meant = |name: &str| astray.iter().any(|wrong| !names::nearest(wrong, [name]).is_empty());
            for policy in self.files[file.0 as usize].policies.values() {
                let name = policy.name.text.as_str();
                if policy.export.is_none() && !used.contains(name) && !meant(name) {
                    let message = format!("policy `{name}` is never applied");
                    let help = "drop it, or write `export policy` if other files are to apply it";
                    diagnostics.push(unused(Code::W0114, policy.name.span, message, help));
                }
            }
            let mut seen = BTreeSet::new();
            for (other, place) in &self.files[file.0 as usize].imports {
                let name = sources.text(*place);
                let message = if !seen.insert(*other) {
                    format!("module `{name}` is used already")
                } else if !self.files[other.0 as usize].exported.iter().any(|name| used.contains(*name)) {
                    format!("nothing of module `{name}` is used")
                } else {
                    continue;
                };
                diagnostics.push(unused(Code::W0115, place.span, message, "drop this sentence"));
            }
        }
    }
}

/// Every `let`, those in blocks too.
fn each_let<'a>(statements: &'a [Statement], visit: &mut dyn FnMut(&'a ast::Let)) {
    for statement in statements {
        match statement {
            Statement::Let(tree) => visit(tree),
            Statement::Block(block) => each_let(&block.body, visit),
            _ => {}
        }
    }
}

fn collect<'a>(
    statements: &'a [Statement],
    module: &mut Module<'a>,
    file: FileId,
    diagnostics: &mut Vec<Diagnostic>,
) {
    each_let(statements, &mut |tree| {
        if tree.export.is_some() {
            module.exported.insert(&tree.name.text);
        }
    });
    for statement in statements {
        let Statement::Policy(policy) = statement else { continue };
        let name = policy.name.text.as_str();
        if let Some(first) = module.policies.get(name) {
            diagnostics.push(
                Diagnostic::error(Code::E0206, format!("policy `{name}` is defined twice in this file"))
                    .at(Place { file, span: policy.name.span }, "the second one")
                    .at(Place { file, span: first.name.span }, "the first one")
                    .with_help("rename one of them"),
            );
            continue;
        }
        module.policies.insert(name, policy);
        if policy.export.is_some() {
            module.exported.insert(name);
        }
    }
}

fn unknown(name: &str, place: Place, known: &BTreeMap<String, FileId>) -> Diagnostic {
    let library = Sources::library_modules().map(str::to_owned);
    let names: Vec<String> =
        known.keys().cloned().chain(library).filter(|name| name != "std.prelude").collect();
    let near = names::nearest(name, names.iter().map(String::as_str));
    let mut said = Diagnostic::error(Code::E0212, format!("there is no module `{name}`"))
        .at(place, "no file of the program, and none of the library");
    if !near.is_empty() {
        said = said.with_help(format!("did you mean {}?", listed(&near, "or")));
        return near.into_iter().fold(said, |said, name| said.suggest(format!("`{name}`"), place, name));
    }
    if name.starts_with("std.") {
        let library: Vec<&str> = Sources::library_modules().collect();
        return said.with_help(format!("the library has {}", listed(&library, "and")));
    }
    said.with_help(format!(
        "module `{name}` would be the file `{}.weir` of the project",
        name.replace('.', "/")
    ))
}

/// What encloses a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Top,
    Namespace,
    Each,
    Cluster,
    Policy,
    Test,
}

impl Where {
    fn spoken(self) -> &'static str {
        match self {
            Where::Top => "at the top of the file",
            Where::Namespace => "in an `in namespace` block",
            Where::Each => "in an `in each` block",
            Where::Cluster => "in an `in cluster` block",
            Where::Policy => "in a policy",
            Where::Test => "in a test",
        }
    }
}

/// The block around a statement that says in which namespace names are looked up, whatever stands between.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Nothing,
    Namespace,
    Each,
}

/// Looks for statements that stand where they mean nothing.
struct Places<'p, 'a> {
    file: FileId,
    misplaced: &'p mut BTreeSet<&'a str>,
    diagnostics: &'p mut Vec<Diagnostic>,
}

impl<'a> Places<'_, 'a> {
    fn check(&mut self, statements: &'a [Statement], at: Where, around: Around) {
        for statement in statements {
            let (span, wrong) = misplaced(statement, at, around);
            if let Some((message, help)) = wrong {
                if let Statement::Let(tree) = statement {
                    self.misplaced.insert(&tree.name.text);
                }
                let here = match (statement, around) {
                    (Statement::Block(_), Around::Namespace) => "in an `in namespace` block",
                    (Statement::Block(_), Around::Each) => "in an `in each` block",
                    _ => at.spoken(),
                };
                let place = Place { file: self.file, span };
                self.diagnostics
                    .push(Diagnostic::error(Code::E0116, message).at(place, here).with_help(help));
            }
            let (inner, around) = match statement {
                Statement::Policy(_) => (Where::Policy, around),
                Statement::Test(_) => (Where::Test, around),
                Statement::Block(block) => {
                    let (inner, around) = match block.head {
                        BlockHead::Namespace(_) => (Where::Namespace, Around::Namespace),
                        BlockHead::Each(..) => (Where::Each, Around::Each),
                        BlockHead::Cluster(_) | BlockHead::Clusters(_) => (Where::Cluster, around),
                    };
                    // What a policy, a test or each namespace may hold, it may hold in blocks too.
                    let keeps = matches!(at, Where::Policy | Where::Test | Where::Each);
                    (if keeps { at } else { inner }, around)
                }
                _ => continue,
            };
            self.check(statement.body(), inner, around);
        }
    }
}

/// The words to point at, and what is wrong with where they stand.
fn misplaced(
    statement: &Statement,
    at: Where,
    around: Around,
) -> (Span, Option<(&'static str, &'static str)>) {
    match statement {
        Statement::Use(tree) => {
            let wrong = (at != Where::Top)
                .then_some(("`use` stands at the top of a file", "move it out of the block"));
            (tree.module.span, wrong)
        }
        Statement::Policy(tree) => {
            let wrong = (at != Where::Top)
                .then_some(("a policy stands at the top of a file", "move it out, and apply it here"));
            (tree.name.span, wrong)
        }
        Statement::Let(tree) => {
            let wrong = matches!(at, Where::Each | Where::Policy | Where::Test).then_some((
                "a `let` means one thing, and here it would mean several",
                "move it out of the block",
            ));
            (tree.name.span, wrong)
        }
        Statement::Test(tree) => {
            let wrong = matches!(at, Where::Each | Where::Policy | Where::Test)
                .then_some(("a test stands by itself", "move it out of the block"));
            (tree.name.span, wrong)
        }
        Statement::Apply(tree) => {
            let wrong = (at == Where::Test)
                .then_some(("a test only asserts", "apply the policy outside of the test"));
            (tree.name.span, wrong)
        }
        Statement::Block(tree) => {
            let (span, nested) = match &tree.head {
                BlockHead::Namespace(name) => (name.span, around == Around::Each),
                BlockHead::Each(each, _) => (*each, around != Around::Nothing),
                BlockHead::Cluster(name) => (name.span, false),
                BlockHead::Clusters(filter) => (filter.span, false),
            };
            let wrong = nested.then_some((
                "the namespace of such a block would be two things",
                "write the blocks beside each other",
            ));
            (span, wrong)
        }
        Statement::Sentence(tree) => match &tree.kind {
            SentenceKind::Reach(reach) => {
                let asserts = matches!(reach.verb, Verb::Reaches | Verb::Cannot);
                let wrong = match (asserts, at == Where::Test) {
                    (true, false) => Some((
                        "this asserts something, and stands in a test",
                        "write `test \"…\" { … }` around it, or `may reach` and `must not reach`",
                    )),
                    (false, true) => Some((
                        "a test says what `reaches` and what `cannot reach`",
                        "move the sentence out of the test, or assert it with `reaches`",
                    )),
                    _ => None,
                };
                (reach.verb_span, wrong)
            }
            SentenceKind::Posture(posture) => {
                let wrong = (at == Where::Test).then_some((
                    "a test says what `reaches` and what `cannot reach`",
                    "move the posture out of the test",
                ));
                (posture.word_span, wrong)
            }
        },
        Statement::Error(span) => (*span, None),
    }
}
