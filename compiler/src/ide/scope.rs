//! The `let`s and policies that a file sees: its own, and what the modules that it uses export. Trees alone, so that it is
//! the same for every cluster, and for texts that cannot be resolved.

use weir_grammar::ast::{Apply, BlockHead, Let, Param, Policy, Statement};

use super::Workspace;
use crate::source::FileId;
use crate::uses::{self, Role};

pub struct Scope<'a> {
    workspace: &'a Workspace,
    file: FileId,
    /// The files that it uses, each once.
    imports: Vec<FileId>,
}

impl<'a> Scope<'a> {
    pub fn of(workspace: &'a Workspace, file: FileId) -> Scope<'a> {
        let mut imports = Vec::new();
        for statement in &workspace.sources.get(file).parse.file.statements {
            let Statement::Use(tree) = statement else { continue };
            let found = workspace.module(&tree.module.text);
            imports.extend(found.filter(|other| *other != file && !imports.contains(other)));
        }
        Scope { workspace, file, imports }
    }

    pub fn imports(&self) -> &[FileId] {
        &self.imports
    }

    /// The `let`s that a name means. More than one where blocks of several clusters have one of the name each; else
    /// modules bring several, and that is an error.
    pub fn lets(&self, name: &str) -> impl Iterator<Item = (FileId, &'a Let)> {
        self.all_lets().filter(move |(_, tree)| tree.name.text == name)
    }

    /// Every `let` that it sees.
    pub fn all_lets(&self) -> impl Iterator<Item = (FileId, &'a Let)> {
        let of = |file: FileId| lets_of(self.statements(file)).into_iter().map(move |tree| (file, tree));
        let exported = |(_, tree): &(FileId, &Let)| tree.export.is_some();
        of(self.file).chain(self.imports.iter().flat_map(move |other| of(*other).filter(exported)))
    }

    /// The policies that a name means; several are an error.
    pub fn policies(&self, name: &str) -> impl Iterator<Item = (FileId, &'a Policy)> {
        self.all_policies().filter(move |(_, tree)| tree.name.text == name)
    }

    /// Every policy that may be applied in it.
    pub fn all_policies(&self) -> impl Iterator<Item = (FileId, &'a Policy)> {
        let of = |file: FileId| policies_of(self.statements(file)).map(move |tree| (file, tree));
        let exported = |(_, tree): &(FileId, &Policy)| tree.export.is_some();
        of(self.file).chain(self.imports.iter().flat_map(move |other| of(*other).filter(exported)))
    }

    /// Whether a name that is handed to a policy there names a set, and no port or namespace.
    pub fn takes_sets(&self, apply: &Apply, at: usize) -> bool {
        takes_sets(self.workspace, self.file, &apply.name.text, at, DEEPEST).unwrap_or(true)
    }

    fn statements(&self, file: FileId) -> &'a [Statement] {
        &self.workspace.sources.get(file).parse.file.statements
    }
}

/// How deep policies may apply each other.
const DEEPEST: usize = 64;

/// What the policy of this name takes as its argument of that number; `None` where that is not to be found.
fn takes_sets(workspace: &Workspace, file: FileId, policy: &str, at: usize, depth: usize) -> Option<bool> {
    let (home, policy) = Scope::of(workspace, file).policies(policy).next()?;
    let param: &Param = policy.params.get(at)?;
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
    for (callee, index) in handed_on {
        if found.is_none() && depth > 0 {
            found = takes_sets(workspace, home, &callee.text, index, depth - 1);
        }
    }
    found
}

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
        let lets: Vec<&str> = desk.scope().all_lets().map(|(_, tree)| tree.name.text.as_str()).collect();
        assert_eq!(lets, ["own", "inner", "office"]);
        assert_eq!(desk.scope().policies("p").count(), 1);
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
