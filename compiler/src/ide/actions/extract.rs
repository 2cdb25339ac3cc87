//! A set that is written again and again, or that is selected, gets a name: a `let` before the statement, or the `let`
//! that there is already.

use std::collections::BTreeSet;

use weir_grammar::Span;
use weir_grammar::ast::*;
use weir_grammar::format;

use super::names::visible;
use super::tree::{self, Stands};
use super::{Action, ActionKind};
use crate::ide::lines::Lines;
use crate::ide::words::{Role, words};
use crate::ide::{Desk, Edit};
use crate::resolve::names;
use crate::resolve::readings::Meant;

/// A set where it is written.
struct Occurrence<'t> {
    /// What a name would stand in the place of.
    span: Span,
    operands: &'t [Operand],
    op: SetOp,
    /// The body in which a `let` would mean the same, by the block that it is of; the file's without one.
    body: Option<Span>,
    /// Where it is the value of a `let`: that.
    defines: Option<&'t Let>,
}

impl Occurrence<'_> {
    /// In its canonical form.
    fn text(&self) -> String {
        format::set(&Set { span: self.span, op: self.op, operands: self.operands.to_vec() })
    }
}

pub fn actions(desk: &Desk<'_>, range: Span) -> Vec<Action> {
    let mut all = Vec::new();
    Walk { desk, path: Vec::new(), all: &mut all }.body(desk.statements());
    let trimmed = trimmed(desk.text(), range);
    let holds = |span: Span| span.start <= range.start && range.end <= span.end;
    let is_selected = |one: &&Occurrence<'_>| trimmed.start < trimmed.end && one.span == trimmed;
    // The innermost one.
    let is_met = |one: &&Occurrence<'_>| holds(one.span) && one.operands.len() > 1 && one.op == SetOp::Union;
    let chosen = all.iter().find(is_selected);
    let is_chosen = chosen.is_some();
    let chosen = chosen.or_else(|| all.iter().filter(is_met).min_by_key(|one| one.span.end - one.span.start));
    let Some(chosen) = chosen.filter(|one| one.defines.is_none()) else { return Vec::new() };
    let text = chosen.text();
    let same = |one: &&Occurrence<'_>| {
        let is_alike =
            (one.op, one.operands.len(), one.body) == (chosen.op, chosen.operands.len(), chosen.body);
        is_alike && one.text() == text
    };
    let same: Vec<&Occurrence<'_>> = all.iter().filter(same).collect();
    let uses: Vec<Span> = same.iter().filter(|one| one.defines.is_none()).map(|one| one.span).collect();
    if let Some(known) = same.iter().find_map(|one| one.defines) {
        let name = format::quoted(&known.name.text);
        let edits = uses.iter().map(|span| tree::replace(desk, *span, name.clone())).collect();
        return vec![Action::new(ActionKind::Rewrite, format!("write `{name}` for it"), edits)];
    }
    if uses.len() < 2 && !is_chosen {
        return Vec::new();
    }
    let name = free_name(desk, chosen);
    let mut edits = vec![definition(desk, chosen, &uses, &name)];
    edits.extend(uses.iter().map(|span| tree::replace(desk, *span, name.clone())));
    let title = match uses.len() {
        1 => format!("give it a name: `let {name}`"),
        count => format!("give it a name, in {count} places: `let {name}`"),
    };
    vec![Action::new(ActionKind::Extract, title, edits)]
}

fn trimmed(text: &str, range: Span) -> Span {
    let selected = &text[range.range()];
    let start = range.start as usize + (selected.len() - selected.trim_start().len());
    Span::new(start, (range.start as usize + selected.trim_end().len()).max(start))
}

/// Collects the sets that a `let` could stand for.
struct Walk<'w, 't> {
    desk: &'w Desk<'t>,
    path: Vec<&'t Statement>,
    all: &'w mut Vec<Occurrence<'t>>,
}

impl<'t> Walk<'_, 't> {
    fn body(&mut self, statements: &'t [Statement]) {
        for statement in statements {
            self.statement(statement);
            self.path.push(statement);
            self.body(statement.body());
            self.path.pop();
        }
    }

    fn statement(&mut self, statement: &'t Statement) {
        let defines = match statement {
            // What may be absent stands for less.
            Statement::Let(tree) if tree.absent.is_some() => return,
            Statement::Let(tree) => Some(tree),
            Statement::Sentence(tree) if tree.clauses.absent.is_some() => return,
            _ => None,
        };
        tree::each_set(statement, &mut |set, stands| {
            let (span, defines) = match stands {
                Stands::Parts | Stands::Argument => return,
                Stands::Value => (set.span, defines),
                Stands::Sentence => (set.span, None),
                Stands::Group(operand) => (self.group(operand, set), None),
            };
            if set.operands.len() > 1 && set.op != SetOp::Mixed {
                self.add(span, &set.operands, set.op, defines);
            }
            // One operand of several, or one with labels, is worth a name where it is selected.
            for operand in &set.operands {
                let is_plain = operand.filters.is_empty()
                    && matches!(operand.base, Base::Name(_) | Base::Group(_) | Base::Builtin(_));
                if !is_plain {
                    let defines = defines.filter(|_| set.operands.len() == 1);
                    self.add(operand.span, std::slice::from_ref(operand), SetOp::Union, defines);
                }
            }
        });
    }

    /// With its parentheses, where nothing but space stands beside them.
    fn group(&self, operand: &Operand, inner: &Set) -> Span {
        let behind = &self.desk.text()[inner.span.end as usize..operand.span.end as usize];
        let close = behind.len() - behind.trim_start().len();
        let before = &self.desk.text()[operand.span.start as usize + 1..inner.span.start as usize];
        match behind[close..].starts_with(')') && before.trim().is_empty() {
            true => Span { start: operand.span.start, end: inner.span.end + close as u32 + 1 },
            false => inner.span,
        }
    }

    fn add(&mut self, span: Span, operands: &'t [Operand], op: SetOp, defines: Option<&'t Let>) {
        // A name has no ports, and a comment would be lost.
        let has_port = operands.iter().any(|operand| operand.port.is_some());
        if has_port || tree::has_comment(self.desk, span) {
            return;
        }
        let is_free = operands.iter().all(|operand| self.is_free(operand));
        let Some(body) = self.scope(is_free) else { return };
        self.all.push(Occurrence { span, operands, op, body, defines });
    }

    /// The innermost block in which a `let` may stand and its names are looked up as they are here; `None` where there is
    /// none. What is `free` means the same in every namespace.
    fn scope(&self, is_free: bool) -> Option<Option<Span>> {
        for statement in self.path.iter().rev() {
            match statement {
                // A parameter is another thing in each application.
                Statement::Policy(_) => return None,
                Statement::Test(_) => {}
                Statement::Block(block) => match &block.head {
                    BlockHead::Each(..) if is_free => {}
                    BlockHead::Each(..) => return None,
                    BlockHead::Namespace(_) if is_free => {}
                    _ if self.path.iter().any(|around| matches!(around, Statement::Policy(_))) => {
                        return None;
                    }
                    _ => return Some(Some(block.span)),
                },
                _ => {}
            }
        }
        Some(None)
    }

    fn is_free(&self, operand: &Operand) -> bool {
        match &operand.base {
            Base::Name(name) => {
                let mut meant = self.desk.readings().meant(name.span).peekable();
                meant.peek().is_some() && meant.all(|meant| matches!(meant, Meant::Let(_)))
            }
            Base::Kinded { namespace, .. } => namespace.is_some(),
            Base::Builtin(builtin) => *builtin != Builtin::Pods,
            Base::Group(set) => set.operands.iter().all(|operand| self.is_free(operand)),
            _ => true,
        }
    }
}

/// The `let` before the first statement of the body that uses it, above the comments that belong to that.
fn definition(desk: &Desk<'_>, chosen: &Occurrence<'_>, uses: &[Span], name: &str) -> Edit {
    let lines = Lines::of(desk.text());
    let path = tree::path(desk.statements(), uses.first().copied().unwrap_or(chosen.span));
    let inside = match chosen.body {
        None => 0,
        Some(body) => path.iter().position(|statement| statement.span() == body).map_or(0, |at| at + 1),
    };
    let start = path.get(inside).map_or(chosen.span.start, |statement| statement.span().start);
    let text = format!("let {name} = {};", chosen.text());
    if !lines.is_first(start) {
        return tree::insert(desk, start, text + " ");
    }
    let mut line = lines.start(start);
    // A comment that ends on the line above belongs to what stands below it.
    while let Some(above) = line.checked_sub(1) {
        let end = above - u32::from(desk.text()[..above as usize].ends_with('\r'));
        let comment = tree::comment_at(desk, end).filter(|comment| comment.end >= above.min(end));
        let Some(comment) = comment.filter(|comment| lines.is_first(comment.start)) else { break };
        if lines.start(comment.start) >= line {
            break;
        }
        line = lines.start(comment.start);
    }
    let indent = " ".repeat(lines.indent(start));
    tree::insert(desk, line, lines.ended(format!("{indent}{text}\n")))
}

/// A name that stands for nothing yet, after what the set holds.
fn free_name(desk: &Desk<'_>, chosen: &Occurrence<'_>) -> String {
    let base = base_name(chosen);
    let mut taken: BTreeSet<&str> = visible(desk);
    for word in words(&desk.source().parse.file) {
        match word.role {
            Role::Bare(name) | Role::ParamDefinition(_, Param { name, .. }) => taken.insert(&name.text),
            _ => continue,
        };
    }
    let things = desk.workspace.sites.iter().map(|site| site.world.known().things()).collect::<Vec<_>>();
    let is_free = |name: &str| {
        !taken.contains(name)
            && format::quoted(name) == name
            && things.iter().all(|things| names::anywhere(things, name, None).is_empty())
    };
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.clone()).chain(numbered).find(|name| is_free(name)).unwrap_or(base)
}

fn base_name(chosen: &Occurrence<'_>) -> String {
    let words: Vec<String> = chosen.operands.iter().filter_map(word).collect();
    let is_name = |word: &String| format::after_slash(word) == *word;
    match (chosen.op, words.as_slice()) {
        (SetOp::Except | SetOp::In, [first, ..]) if is_name(first) => format!("some-{first}"),
        (SetOp::Union, [one]) if is_name(one) => format!("{one}-set"),
        (SetOp::Union, [one, other]) if is_name(one) && is_name(other) => format!("{one}-and-{other}"),
        (SetOp::Union, [first, _, _, ..]) if is_name(first) => format!("{first}-and-others"),
        _ if chosen.operands.iter().all(|one| matches!(one.base, Base::Address(_))) => "addresses".to_owned(),
        _ => "group".to_owned(),
    }
}

/// What an operand is called by.
fn word(operand: &Operand) -> Option<String> {
    let by_label = operand.filters.iter().flat_map(|filter| &filter.requirements).find_map(value);
    let of_base = || match &operand.base {
        Base::Name(name) | Base::Namespace(name) => Some(name.text.clone()),
        Base::Qualified { name, .. } | Base::Kinded { name, .. } => Some(name.text.clone()),
        Base::Namespaces(filter) => filter.requirements.iter().find_map(value),
        Base::Builtin(builtin) => Some(builtin.word().to_owned()),
        _ => None,
    };
    by_label.or_else(of_base)
}

fn value(requirement: &Requirement) -> Option<String> {
    match &requirement.test {
        Test::In(values) => values.first().map(|value| value.text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::ide::actions::testing::{rewrites, rewrites_of};

    const LOCKED: &str = "namespace shop, namespace data locked;\n";

    /// The text once the set at the cursor has a name, behind a posture.
    fn named(text: &str) -> Option<String> {
        let found = rewrites(&format!("{LOCKED}{text}"));
        only(found)
    }

    fn selected(text: &str) -> Option<String> {
        let (before, rest) = text.split_once('<').unwrap();
        let (inside, behind) = rest.split_once('>').unwrap();
        only(rewrites_of(&format!("{LOCKED}{before}$0{inside}{behind}"), inside.len() as u32))
    }

    fn only(found: Vec<[String; 2]>) -> Option<String> {
        let found = found.into_iter().filter(|[title, _]| {
            title.contains("name: `let") || title.contains("places") || title.contains("for it")
        });
        let found: Vec<String> =
            found.map(|[_, text]| text.strip_prefix(LOCKED).unwrap().to_owned()).collect();
        assert!(found.len() < 2, "{found:?}");
        found.into_iter().next()
    }

    #[test]
    fn a_union_that_comes_again_gets_a_name() {
        assert_eq!(
            named("we$0b, api may reach db:5432;\n# why\nprometheus may reach web , api on 80;\n").unwrap(),
            "let web-and-api = web, api;\nweb-and-api may reach db:5432;\n# why\nprometheus may reach web-and-api on 80;"
        );
        assert_eq!(
            named("# why\nshop/web, shop/$0api may reach db:5432;\n\nin namespace data {\n    shop/web, shop/api may reach prometheus:9090 if present;\n    shop/web, shop/api may reach db:5432 because \"b\";\n}\n").unwrap(),
            "let web-and-api = shop/web, shop/api;\n# why\nweb-and-api may reach db:5432;\n\nin namespace data {\n    shop/web, shop/api may reach prometheus:9090 if present;\n    web-and-api may reach db:5432 because \"b\";\n}"
        );
    }

    #[test]
    fn once_is_not_worth_a_name() {
        assert_eq!(named("we$0b, api may reach db:5432;"), None);
        assert_eq!(named("we$0b may reach db:5432;\nweb may reach api:80;"), None);
        assert_eq!(
            named("prometheus may reach web:80, api:80;\nprometheus may reach we$0b:80, api:80;"),
            None
        );
    }

    #[test]
    fn names_are_looked_up_where_they_were() {
        // In the block, they may be others.
        assert_eq!(
            named("web, api may reach db:5432;\nin namespace shop {\n    # why\n    we$0b, api may reach data/db:5432;\n    data/db may reach web, api on 80;\n}").unwrap(),
            "web, api may reach db:5432;\nin namespace shop {\n    let web-and-api = web, api;\n    # why\n    web-and-api may reach data/db:5432;\n    data/db may reach web-and-api on 80;\n}"
        );
        let policy = "policy p(a) {\n    $0a, shop/api may reach data/db:5432;\n    a, shop/api may reach data/db:5432;\n}\napply p(web);";
        assert_eq!(named(policy), None);
        let each =
            "in each shop {\n    we$0b, api may reach data/db:5432;\n    web, api may reach shop/web:80;\n}";
        assert_eq!(named(each), None);
    }

    #[test]
    fn a_group_loses_its_parentheses() {
        assert_eq!(
            named("anyone except (we$0b, api) may reach db:5432;\nprometheus may reach (web, api)[tier=front]:8080;").unwrap(),
            "let web-and-api = web, api;\nanyone except web-and-api may reach db:5432;\nprometheus may reach web-and-api[tier=front]:8080;"
        );
    }

    #[test]
    fn a_name_that_there_is_is_used() {
        assert_eq!(
            named("let front = web, api;\nfront may reach dns;\nwe$0b, api may reach db:5432;").unwrap(),
            "let front = web, api;\nfront may reach dns;\nfront may reach db:5432;"
        );
    }

    #[test]
    fn the_name_is_free() {
        assert_eq!(
            named("let web-and-api = web;\nweb-and-api may reach dns;\nwe$0b, api may reach db:5432;\nprometheus may reach web, api on 80;").unwrap(),
            "let web-and-api = web;\nweb-and-api may reach dns;\nlet web-and-api-2 = web, api;\nweb-and-api-2 may reach db:5432;\nprometheus may reach web-and-api-2 on 80;"
        );
    }

    #[test]
    fn what_is_selected_gets_a_name() {
        assert_eq!(
            selected("<web, api> may reach db:5432;").unwrap(),
            "let web-and-api = web, api;\nweb-and-api may reach db:5432;"
        );
        assert_eq!(
            selected("<namespace shop[tier=back] > may reach db:5432;").unwrap(),
            "let back-set = namespace shop[tier=back];\nback-set  may reach db:5432;"
        );
        assert_eq!(
            selected("<anyone except web> may reach db:5432;").unwrap(),
            "let some-anyone = anyone except web;\nsome-anyone may reach db:5432;"
        );
        assert_eq!(
            selected("<203.0.113.0/24, 198.51.100.0/24> may reach web:80;").unwrap(),
            "let addresses = 203.0.113.0/24, 198.51.100.0/24;\naddresses may reach web:80;"
        );
        assert_eq!(selected("<web> may reach db:5432;"), None);
        assert_eq!(selected("web <may reach> db:5432;"), None);
        assert_eq!(selected("web may reach <db:5432>;"), None);
        assert_eq!(selected("<web, # a\n api> may reach db:5432;"), None);
    }

    #[test]
    fn a_test_takes_its_names_from_outside() {
        assert_eq!(
            named("test \"a\" {\n    we$0b, api reaches dns:53;\n    web, api cannot reach nodes;\n}")
                .unwrap(),
            "let web-and-api = web, api;\ntest \"a\" {\n    web-and-api reaches dns:53;\n    web-and-api cannot reach nodes;\n}"
        );
    }
}
