//! The `let`s and policies that a file sees: its own, and what the modules that it uses export. Trees alone, so that it is
//! the same for every cluster, and for texts that cannot be resolved.

use weir_grammar::Span;
use weir_grammar::ast::{Apply, BlockHead, Let, Param, Policy, Statement};

use super::Workspace;
use crate::source::{FileId, Place};
use crate::uses::{self, Role};

pub struct Scope<'a> {
    workspace: &'a Workspace,
    file: FileId,
    /// The files that it uses, each once.
    imports: Vec<FileId>,
    /// Sorted by name; those of one name as they stand in the texts.
    lets: Vec<(FileId, &'a Let)>,
    policies: Vec<(FileId, &'a Policy)>,
}

impl<'a> Scope<'a> {
    pub fn of(workspace: &'a Workspace, file: FileId) -> Scope<'a> {
        let statements = |file: FileId| &workspace.sources.get(file).parse.file.statements;
        let mut imports = Vec::new();
        for statement in statements(file) {
            let Statement::Use(tree) = statement else { continue };
            let found = workspace.module(&tree.module.text);
            imports.extend(found.filter(|other| *other != file && !imports.contains(other)));
        }
        let (mut lets, mut policies) = (Vec::new(), Vec::new());
        for home in std::iter::once(file).chain(imports.iter().copied()) {
            let is_seen = |export: Option<Span>| home == file || export.is_some();
            let own = lets_of(statements(home)).into_iter().filter(|tree| is_seen(tree.export));
            lets.extend(own.map(|tree| (home, tree)));
            let own = policies_of(statements(home)).filter(|tree| is_seen(tree.export));
            policies.extend(own.map(|tree| (home, tree)));
        }
        lets.sort_by_key(|(_, tree)| tree.name.text.as_str());
        policies.sort_by_key(|(_, tree)| tree.name.text.as_str());
        Scope { workspace, file, imports, lets, policies }
    }

    pub fn imports(&self) -> &[FileId] {
        &self.imports
    }

    /// The `let`s that a name means. More than one where blocks of several clusters have one of the name each; else
    /// modules bring several, and that is an error.
    pub fn lets(&self, name: &str) -> impl Iterator<Item = (FileId, &'a Let)> {
        let first = self.lets.partition_point(|(_, tree)| tree.name.text.as_str() < name);
        self.lets[first..].iter().copied().take_while(move |(_, tree)| tree.name.text == name)
    }

    /// Every `let` that it sees, sorted by name.
    pub fn all_lets(&self) -> &[(FileId, &'a Let)] {
        &self.lets
    }

    /// The policies that a name means; several are an error.
    pub fn policies(&self, name: &str) -> impl Iterator<Item = (FileId, &'a Policy)> {
        let first = self.policies.partition_point(|(_, tree)| tree.name.text.as_str() < name);
        self.policies[first..].iter().copied().take_while(move |(_, tree)| tree.name.text == name)
    }

    /// Every policy that may be applied in it, sorted by name.
    pub fn all_policies(&self) -> &[(FileId, &'a Policy)] {
        &self.policies
    }

    /// Whether a name that is handed to a policy there names a set, and no port or namespace.
    pub fn takes_sets(&self, apply: &Apply, at: usize) -> bool {
        self.takes(&apply.name.text, at, &mut Vec::new()).unwrap_or(true)
    }

    /// What the policy of this name takes as its argument of that number; `None` where that is not to be found.
    fn takes(&self, policy: &str, at: usize, asked: &mut Vec<Place>) -> Option<bool> {
        let (home, policy) = self.policies(policy).next()?;
        let param: &Param = policy.params.get(at)?;
        // Policies that apply each other in a circle are an error, and no reason to go round for ever.
        let place = Place { file: home, span: param.name.span };
        if asked.contains(&place) || asked.len() >= MOST_ASKED {
            return None;
        }
        asked.push(place);
        if let Some(kind) = &param.kind {
            return Some(!matches!(kind.text.as_str(), "port" | "namespace"));
        }
        let mut found = None;
        let mut handed_on = Vec::new();
        uses::of_statements(&policy.body, &mut |name, _, role| match role {
            _ if name != param.name.text => {}
            Role::Port | Role::Namespace => found = Some(false),
            Role::Set | Role::Pods => found = found.or(Some(true)),
            Role::Argument(callee, index) => handed_on.push((callee, index)),
            Role::Policy => {}
        });
        if found.is_some() || handed_on.is_empty() {
            return found;
        }
        let elsewhere = (home != self.file).then(|| Scope::of(self.workspace, home));
        let scope = elsewhere.as_ref().unwrap_or(self);
        handed_on.into_iter().find_map(|(callee, index)| scope.takes(&callee.text, index, asked))
    }
}

/// How many parameters are looked at to tell what one takes.
const MOST_ASKED: usize = 64;

/// Those that stand where a `let` may stand.
fn lets_of(statements: &[Statement]) -> Vec<&Let> {
    fn collect<'t>(statements: &'t [Statement], lets: &mut Vec<&'t Let>) {
        for statement in statements {
            match statement {
                Statement::Let(tree) => lets.push(tree),
                Statement::Block(block) if !matches!(block.head, BlockHead::Each(..)) => {
                    collect(&block.body, lets);
                }
                _ => {}
            }
        }
    }
    let mut lets = Vec::new();
    collect(statements, &mut lets);
    lets
}

fn policies_of(statements: &[Statement]) -> impl Iterator<Item = &Policy> {
    statements.iter().filter_map(|statement| match statement {
        Statement::Policy(tree) => Some(tree),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use crate::ide::fixture::fixture;
    use weir_grammar::ast::Statement;

    #[test]
    fn a_file_sees_its_own_names_and_those_that_modules_export() {
        let fixture = fixture(
            "use nets;\nlet own = web;\nin namespace shop { let inner = api; }\nin each namespace { let no = api; }\n\
             -- nets.weir --\nexport let office = 203.0.113.0/24;\nlet hidden = web;\nexport policy p(a) { a locked; }",
        );
        let desk = fixture.desk();
        let lets: Vec<&str> =
            desk.scope().all_lets().iter().map(|(_, tree)| tree.name.text.as_str()).collect();
        assert_eq!(lets, ["inner", "office", "own"]);
        assert_eq!(desk.scope().policies("p").count(), 1);
    }

    #[test]
    fn circles_end() {
        let fixture = fixture(
            "policy p(a) { apply p(a); apply q(a); }\npolicy q(a) { apply p(a); apply q(a); }\napply p(web);",
        );
        let desk = fixture.desk();
        let Some(Statement::Apply(tree)) = desk.statements().last() else { panic!() };
        assert!(desk.scope().takes_sets(tree, 0));
    }

    #[test]
    fn what_a_parameter_takes_follows_from_its_uses() {
        let fixture = fixture(
            "policy p(a, b, c, d: port, e) { a may reach b:c; in namespace e { pods locked; } }\n\
             policy q(x, y) { apply p(x, x, y, y, data); }\napply p(web, api, http, http, shop);\napply q(web, http);",
        );
        let desk = fixture.desk();
        let applies = desk.statements().iter().filter_map(|statement| match statement {
            Statement::Apply(tree) => Some(tree),
            _ => None,
        });
        let takes = |(tree, count): (_, usize)| {
            (0..count).map(|at| desk.scope().takes_sets(tree, at)).collect::<Vec<_>>()
        };
        let found: Vec<Vec<bool>> = applies.zip([6, 2]).map(takes).collect();
        assert_eq!(found, [vec![true, true, false, false, false, true], vec![true, false]]);
    }
}
