//! What is selected when a selection grows: a word, the operand around it, its set, the sentence, the block, the file. In
//! comments and texts the words of people, then all of it.

use weir_grammar::Span;
use weir_grammar::ast::*;
use weir_grammar::token::Token;

use super::Desk;
use super::folding::Lines;
use super::words::words;

/// The stretches around an offset, each within the next; the last is the file.
pub fn selection(desk: &Desk<'_>, offset: u32) -> Vec<Span> {
    let text = desk.text();
    let all = Span::new(0, text.len());
    let mut around = Around { offset: offset.min(all.end), spans: vec![all] };
    around.comments(desk);
    for (span, token) in weir_grammar::tokens(text) {
        if matches!(token, Token::Text(_)) && around.holds(span) {
            around.quoted(text, span);
        }
        let is_word = text.get(span.range()).is_some_and(|word| word.contains(|c: char| c.is_alphanumeric()));
        if is_word {
            around.add(span);
        }
    }
    words(&desk.source().parse.file).iter().for_each(|word| around.add(word.span));
    around.statements(text, desk.statements());
    around.nested()
}

struct Around {
    offset: u32,
    spans: Vec<Span>,
}

impl Around {
    fn holds(&self, span: Span) -> bool {
        span.start <= self.offset && self.offset <= span.end
    }

    fn add(&mut self, span: Span) {
        if self.holds(span) && span.start < span.end {
            self.spans.push(span);
        }
    }

    /// Without those that lie across others: of two that meet at the offset the shorter one, then the later one.
    fn nested(mut self) -> Vec<Span> {
        let length = |span: &Span| span.end - span.start;
        self.spans.sort_by_key(|span| (length(span), std::cmp::Reverse(span.start)));
        let mut nested: Vec<Span> = Vec::new();
        for span in self.spans {
            let fits = nested
                .last()
                .is_none_or(|last| span != *last && span.start <= last.start && last.end <= span.end);
            if fits {
                nested.push(span);
            }
        }
        nested
    }

    /// The comment, without its `#` and with it, and all comments on the lines beside it.
    fn comments(&mut self, desk: &Desk<'_>) {
        let comments = &desk.source().parse.comments;
        let Some(at) = comments.iter().position(|comment| self.holds(comment.span)) else { return };
        let span = |at: usize| {
            let (start, length) = (comments[at].span.start as usize, comments[at].text.len());
            Span::new(start, start + length)
        };
        let inner = comments[at].text.trim_start_matches('#').trim_start();
        let own = span(at);
        self.word(desk.text(), own);
        self.add(Span { start: own.end - inner.len() as u32, ..own });
        self.add(own);
        let lines = Lines::of(desk.text());
        let line = |at: usize| lines.at(comments[at].span.start);
        let (mut first, mut last) = (at, at);
        while first > 0 && line(first - 1) + 1 == line(first) {
            first -= 1;
        }
        while last + 1 < comments.len() && line(last) + 1 == line(last + 1) {
            last += 1;
        }
        self.add(span(first).to(span(last)));
    }

    /// The word of people at the offset.
    fn word(&mut self, text: &str, within: Span) {
        let at = (self.offset.clamp(within.start, within.end)) as usize;
        let (Some(before), Some(behind)) =
            (text.get(within.start as usize..at), text.get(at..within.end as usize))
        else {
            return;
        };
        let is_apart = |c: char| c.is_whitespace() || c == '"' || c == '#';
        let start = before
            .rfind(is_apart)
            .map_or(0, |found| found + before[found..].chars().next().map_or(1, char::len_utf8));
        let end = behind.find(is_apart).unwrap_or(behind.len());
        self.add(Span::new(within.start as usize + start, at + end));
    }

    fn quoted(&mut self, text: &str, span: Span) {
        let inner = Span { start: span.start + 1, end: span.end.saturating_sub(1).max(span.start + 1) };
        if self.holds(inner) {
            self.word(text, inner);
            self.add(inner);
        }
    }

    fn statements(&mut self, text: &str, statements: &[Statement]) {
        for statement in
            statements.iter().filter(|statement| self.holds(statement.span())).collect::<Vec<_>>()
        {
            self.add(statement.span());
            self.statement(statement);
            if let (Some(first), Some(last)) = (statement.body().first(), statement.body().last()) {
                self.add(first.span().to(last.span()));
                self.braces(text, statement);
                self.statements(text, statement.body());
            }
        }
    }

    /// What stands between the braces of a body, and the braces.
    fn braces(&mut self, text: &str, statement: &Statement) {
        let (span, Some(first)) = (statement.span(), statement.body().first()) else { return };
        let head = text.get(span.start as usize..first.span().start as usize);
        let Some(open) = head.and_then(|head| head.rfind('{')) else { return };
        let open = span.start + open as u32;
        self.add(Span { start: open, end: span.end });
        self.add(Span { start: open + 1, end: span.end.saturating_sub(1) });
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Let(tree) => {
                self.add(tree.value.span());
                if let LetValue::Set(set) = &tree.value {
                    self.set(set);
                }
            }
            Statement::Policy(tree) => {
                for param in &tree.params {
                    self.add(
                        param.kind.as_ref().map_or(param.name.span, |kind| param.name.span.to(kind.span)),
                    );
                }
                if let (Some(first), Some(last)) = (tree.params.first(), tree.params.last()) {
                    let end = last.kind.as_ref().map_or(last.name.span, |kind| kind.span);
                    self.add(first.name.span.to(end));
                }
            }
            Statement::Apply(tree) => {
                for argument in &tree.args {
                    self.add(argument.span());
                    if let Argument::Set(set) = argument {
                        self.set(set);
                    }
                }
                if let (Some(first), Some(last)) = (tree.args.first(), tree.args.last()) {
                    self.add(first.span().to(last.span()));
                }
            }
            Statement::Block(tree) => match &tree.head {
                BlockHead::Each(_, Subject::Set(set)) => self.set(set),
                BlockHead::Clusters(filter) => self.filter(filter),
                _ => {}
            },
            Statement::Sentence(tree) => self.sentence(tree),
            Statement::Use(_) | Statement::Test(_) | Statement::Error(_) => {}
        }
    }

    fn sentence(&mut self, tree: &Sentence) {
        match &tree.kind {
            SentenceKind::Posture(posture) => {
                if let Subject::Set(set) = &posture.subject {
                    self.set(set);
                }
            }
            SentenceKind::Reach(reach) => {
                self.set(&reach.subject);
                self.set(&reach.object);
                self.add(reach.verb_span);
                reach.on.iter().for_each(|port| self.add(port.span));
                if let (Some(first), Some(last)) = (reach.on.first(), reach.on.last()) {
                    self.add(first.span.to(last.span));
                }
                if let Some(over) = &reach.over {
                    self.add(over.span);
                    over.requests.iter().for_each(|request| self.add(request.span));
                }
            }
        }
    }

    fn set(&mut self, set: &Set) {
        self.add(set.span);
        for operand in set.operands.iter().filter(|operand| self.holds(operand.span)).collect::<Vec<_>>() {
            self.add(operand.span);
            if let Base::Group(inner) = &operand.base {
                self.set(inner);
            }
            if let Base::Namespaces(filter) = &operand.base {
                self.filter(filter);
            }
            operand.filters.iter().for_each(|filter| self.filter(filter));
            // `shop/web`, `namespace shop`: without brackets and port.
            let behind = operand.filters.first().map(|filter| filter.span.start);
            let port = operand.port.as_ref().map(|port| port.span.start.saturating_sub(1));
            if let Some(end) = behind.or(port) {
                self.add(Span { end, ..operand.span });
            }
        }
    }

    fn filter(&mut self, filter: &Filter) {
        self.add(filter.span);
        filter.requirements.iter().for_each(|requirement| self.add(requirement.span));
        if let (Some(first), Some(last)) = (filter.requirements.first(), filter.requirements.last()) {
            self.add(first.span.to(last.span));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    /// The stretches, without the file.
    fn selected(text: &str) -> Vec<String> {
        let fixture = fixture(text);
        let desk = fixture.desk();
        let mut spans = selection(&desk, fixture.offset);
        assert_eq!(spans.pop(), Some(Span::new(0, desk.text().len())));
        for pair in spans.windows(2) {
            assert!(pair[1].start <= pair[0].start && pair[0].end <= pair[1].end, "{spans:?}");
        }
        spans.into_iter().map(|span| desk.text()[span.range()].to_owned()).collect()
    }

    #[test]
    fn from_a_word_to_the_file() {
        let text = "in namespace shop {\n    shop/we$0b[app=web]:80, api may reach db;\n}\nweb locked;";
        assert_eq!(
            selected(text),
            [
                "web",
                "shop/web",
                "shop/web[app=web]:80",
                "shop/web[app=web]:80, api",
                "shop/web[app=web]:80, api may reach db;",
                "\n    shop/web[app=web]:80, api may reach db;\n",
                "{\n    shop/web[app=web]:80, api may reach db;\n}",
                "in namespace shop {\n    shop/web[app=web]:80, api may reach db;\n}",
            ]
        );
    }

    #[test]
    fn labels_ports_groups_and_arguments() {
        assert_eq!(
            selected("shop[a=b, tier in (x, y$0)] locked;"),
            [
                "y",
                "tier in (x, y)",
                "a=b, tier in (x, y)",
                "[a=b, tier in (x, y)]",
                "shop[a=b, tier in (x, y)]",
                "shop[a=b, tier in (x, y)] locked;"
            ]
        );
        assert_eq!(
            selected("web may reach api on 80, 90$0;"),
            ["90", "80, 90", "web may reach api on 80, 90;"]
        );
        assert_eq!(
            selected("anyone except (we$0b, api) locked;"),
            ["web", "web, api", "(web, api)", "anyone except (web, api)", "anyone except (web, api) locked;"]
        );
        assert_eq!(selected("apply p(we$0b, 80);"), ["web", "web, 80", "apply p(web, 80);"]);
        assert_eq!(selected("web ma$0y reach api;"), ["may", "may reach", "web may reach api;"]);
    }

    #[test]
    fn comments_and_texts() {
        let text = "# one t$0wo\n# three\nweb locked;";
        assert_eq!(selected(text), ["two", "one two", "# one two", "# one two\n# three"]);
        let text = "web may reach api because \"Ünï$0cödé is it\";";
        assert_eq!(
            selected(text),
            ["Ünïcödé", "Ünïcödé is it", "\"Ünïcödé is it\"", "web may reach api because \"Ünïcödé is it\";"]
        );
    }

    #[test]
    fn half_a_program() {
        assert_eq!(selected("$0"), [""; 0]);
        assert_eq!(selected("web may ma$0y;"), ["may", "web may may;"]);
        assert_eq!(selected("web locked;\n\n$0"), [""; 0]);
        let fixture = fixture("#é\r\nweb");
        for offset in 0..20 {
            let _ = selection(&fixture.desk(), offset);
        }
    }
}
