//! What of a file can be folded away: what stands between brackets, sentences of several lines, and runs of comments and
//! of `use`. Brackets are found by their tokens, so that half a program folds too.

use weir_grammar::Span;
use weir_grammar::ast::Statement;
use weir_grammar::token::Token;

use super::Desk;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Code,
    Comment,
    Imports,
}

/// Lines, from 0. The first stays in sight; the last is the last that is folded away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fold {
    pub first: u32,
    pub last: u32,
    pub kind: Kind,
}

/// Sorted; no two begin on one line.
pub fn folds(desk: &Desk<'_>) -> Vec<Fold> {
    let mut folder = Folder { lines: Lines::of(desk.text()), folds: Vec::new() };
    folder.brackets(desk.text());
    folder.statements(desk.statements());
    folder.comments(desk);
    let mut folds = folder.folds;
    // Of those that begin on one line the longest.
    folds.sort_by_key(|fold| (fold.first, std::cmp::Reverse(fold.last)));
    folds.dedup_by_key(|fold| fold.first);
    folds
}

/// Where lines begin.
pub(super) struct Lines(Vec<u32>);

impl Lines {
    pub fn of(text: &str) -> Lines {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        Lines(std::iter::once(0).chain(ends.map(|end| end as u32 + 1)).collect())
    }

    /// The line that an offset is on, from 0.
    pub fn at(&self, offset: u32) -> u32 {
        self.0.partition_point(|begin| *begin <= offset) as u32 - 1
    }

    pub fn begin(&self, line: u32) -> u32 {
        self.0.get(line as usize).copied().unwrap_or(0)
    }
}

struct Folder {
    lines: Lines,
    folds: Vec<Fold>,
}

impl Folder {
    fn add(&mut self, first: u32, last: u32, kind: Kind) {
        if first < last {
            self.folds.push(Fold { first, last, kind });
        }
    }

    fn brackets(&mut self, text: &str) {
        let mut open = Vec::new();
        for (span, token) in weir_grammar::tokens(text) {
            match token {
                Token::OpenBrace | Token::OpenParen | Token::OpenBracket => open.push(span),
                Token::CloseBrace | Token::CloseParen | Token::CloseBracket => {
                    let Some(opening) = open.pop() else { continue };
                    // The line of the closing bracket stays in sight.
                    let (first, last) = (self.lines.at(opening.start), self.lines.at(span.start));
                    self.add(first, last.saturating_sub(1), Kind::Code);
                }
                _ => {}
            }
        }
    }

    fn statements(&mut self, statements: &[Statement]) {
        let mut uses: Option<Span> = None;
        for statement in statements {
            let span = statement.span();
            if matches!(statement, Statement::Use(_)) {
                uses = Some(uses.map_or(span, |first| first.to(span)));
                continue;
            }
            self.span(uses.take(), Kind::Imports);
            if statement.body().is_empty() && !matches!(statement, Statement::Error(_)) && !is_body(statement)
            {
                self.span(Some(span), Kind::Code);
            }
            self.statements(statement.body());
        }
        self.span(uses, Kind::Imports);
    }

    fn span(&mut self, span: Option<Span>, kind: Kind) {
        if let Some(span) = span {
            let last = span.end.saturating_sub(1).max(span.start);
            self.add(self.lines.at(span.start), self.lines.at(last), kind);
        }
    }

    /// Runs of lines with nothing but a comment on them.
    fn comments(&mut self, desk: &Desk<'_>) {
        let mut run: Option<(u32, u32)> = None;
        for comment in &desk.source().parse.comments {
            let line = self.lines.at(comment.span.start);
            let before = Span { start: self.lines.begin(line), end: comment.span.start };
            let alone = desk.text().get(before.range()).is_some_and(|before| before.trim().is_empty());
            run = match run {
                Some((first, last)) if alone && last + 1 == line => Some((first, line)),
                ended => {
                    self.run(ended);
                    alone.then_some((line, line))
                }
            };
        }
        self.run(run);
    }

    fn run(&mut self, run: Option<(u32, u32)>) {
        if let Some((first, last)) = run {
            self.add(first, last, Kind::Comment);
        }
    }
}

fn is_body(statement: &Statement) -> bool {
    matches!(statement, Statement::Block(_) | Statement::Policy(_) | Statement::Test(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    fn found(text: &str) -> Vec<(u32, u32, Kind)> {
        let fixture = fixture(text);
        folds(&fixture.desk()).into_iter().map(|fold| (fold.first, fold.last, fold.kind)).collect()
    }

    #[test]
    fn what_stands_between_brackets() {
        let text = "in namespace shop {\n    web locked;\n    api locked;\n}\npolicy p(\n    a,\n    b\n) {\n    a may reach b;\n}\ntest \"t\" {\n    web reaches api:80;\n}\n";
        assert_eq!(
            found(text),
            [(0, 2, Kind::Code), (4, 6, Kind::Code), (7, 8, Kind::Code), (10, 11, Kind::Code)]
        );
        let nested = "in cluster eu {\n    in namespace shop {\n        web locked;\n    }\n}";
        assert_eq!(found(nested), [(0, 3, Kind::Code), (1, 2, Kind::Code)]);
    }

    #[test]
    fn sentences_of_several_lines() {
        let text = "web,\napi\n  may reach db;\nlet a =\n    web;\nweb locked;";
        assert_eq!(found(text), [(0, 2, Kind::Code), (3, 4, Kind::Code)]);
        assert_eq!(
            found("let a = (\n    web,\n    api\n) except (\n    web\n);\n"),
            [(0, 5, Kind::Code), (3, 4, Kind::Code)]
        );
    }

    #[test]
    fn runs_of_comments_and_uses() {
        let text = "# One\n# two\n\nuse a;\nuse b;\n# alone\nweb locked; # behind\n# after\r\n# it\r\n";
        assert_eq!(found(text), [(0, 1, Kind::Comment), (3, 4, Kind::Imports), (7, 8, Kind::Comment)]);
    }

    #[test]
    fn half_a_program() {
        assert_eq!(found("in namespace shop {\n    web may\n    api locked;\n}\n"), [(0, 2, Kind::Code)]);
        assert_eq!(found("in namespace shop {\n    web may\n"), []);
        assert_eq!(found("}\n)\n"), []);
        assert_eq!(found(""), []);
        assert_eq!(found("in namespace shop { web locked; }\n"), []);
    }
}
