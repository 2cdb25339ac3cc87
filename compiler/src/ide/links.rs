//! What in a file leads elsewhere: modules to their files, codes of lints to their pages, and addresses on the web.

use weir_grammar::Span;
use weir_grammar::ast::Statement;
use weir_grammar::token::Token;

use super::Desk;
use crate::codes::Code;
use crate::lint;
use crate::source::FileId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    File(FileId),
    /// The page of the manual about it.
    Page(Code),
    Url(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub span: Span,
    pub to: LinkTarget,
    pub tooltip: String,
}

/// Sorted by place.
pub fn links(desk: &Desk<'_>) -> Vec<Link> {
    let mut links: Vec<Link> =
        desk.statements().iter().filter_map(|statement| module(desk, statement)).collect();
    for comment in &desk.source().parse.comments {
        for (name, span) in lint::named_in(&comment.text, comment.span) {
            let Some(code) = Code::parse_lint(name).or_else(|| Code::parse(name)) else { continue };
            let tooltip = format!("{}: {}", code.name(), code.title());
            links.push(Link { span, to: LinkTarget::Page(code), tooltip });
        }
        links.extend(urls(&comment.text, comment.span.start));
    }
    let mut reason = false;
    for (span, token) in weir_grammar::tokens(desk.text()) {
        if let (true, Token::Text(text)) = (reason, token) {
            links.extend(urls(text, span.start));
        }
        reason = token == Token::Because;
    }
    links.sort_by_key(|link| link.span);
    links
}

fn module(desk: &Desk<'_>, statement: &Statement) -> Option<Link> {
    let Statement::Use(tree) = statement else { return None };
    let file = desk.workspace.module(&tree.module.text)?;
    let source = desk.workspace.sources.get(file);
    let tooltip = match source.library {
        true => "a module of Weir's library".to_owned(),
        false => source.name.clone(),
    };
    Some(Link { span: tree.module.span, to: LinkTarget::File(file), tooltip })
}

/// The addresses in a text that begins at `start`.
fn urls(text: &str, start: u32) -> Vec<Link> {
    let mut links = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("http")).map(|at| from + at) {
        let rest = &text[at..];
        let url = if begins_word(&text[..at]) { url(rest) } else { None };
        from = at + url.map_or("http".len(), str::len);
        let Some(url) = url else { continue };
        let span = Span { start: start + at as u32, end: start + from as u32 };
        links.push(Link { span, to: LinkTarget::Url(url.to_owned()), tooltip: url.to_owned() });
    }
    links
}

fn begins_word(before: &str) -> bool {
    before.chars().next_back().is_none_or(|last| !last.is_alphanumeric())
}

/// The address that a text begins with: without the marks behind it that belong to the sentence around it.
fn url(text: &str) -> Option<&str> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme))?;
    let end = text.find(|c: char| c.is_whitespace() || c.is_control() || "\"'<>`".contains(c));
    let mut url = &text[..end.unwrap_or(text.len())];
    while let Some(last) = url.chars().next_back() {
        let unopened = last == ')' && url.matches(')').count() > url.matches('(').count();
        if !unopened && !".,;:!?]}".contains(last) {
            break;
        }
        url = &url[..url.len() - last.len_utf8()];
    }
    (url.len() > scheme.len()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    /// The text of each link, and where it leads.
    fn found(text: &str) -> Vec<String> {
        let fixture = fixture(text);
        let desk = fixture.desk();
        let spoken = |link: Link| {
            let to = match link.to {
                LinkTarget::File(file) => desk.workspace.sources.get(file).path.clone(),
                LinkTarget::Page(code) => format!("page {}", code.name()),
                LinkTarget::Url(url) => url,
            };
            format!("{} → {to} ({})", &desk.text()[link.span.range()], link.tooltip)
        };
        links(&desk).into_iter().map(spoken).collect()
    }

    #[test]
    fn modules_lead_to_their_files() {
        let text = "use common.nets;\nuse std.kubernetes;\nuse no.where;\n-- common/nets.weir --\n";
        assert_eq!(
            found(text),
            [
                "common.nets → common/nets.weir (common/nets.weir)",
                "std.kubernetes → <std/kubernetes.weir> (a module of Weir's library)",
            ]
        );
    }

    #[test]
    fn lints_lead_to_their_pages() {
        let title = Code::W0102.title();
        let text = "# weir: allow(W0102, W9999, nonsense) because \"so\"\nweb locked;";
        assert_eq!(found(text), [format!("W0102 → page W0102 (W0102: {title})")]);
        let (name, _) = Code::W0102.lint().unwrap();
        let text = format!("web locked; # weir: allow( {name} )");
        assert_eq!(found(&text), [format!("{name} → page W0102 (W0102: {title})")]);
        assert_eq!(found("# W0102 and weir: allow(W0102\nweb locked;"), [""; 0]);
    }

    #[test]
    fn addresses_on_the_web() {
        let one = |url: &str| format!("{url} → {url} ({url})");
        let text = "# See https://example.com/a_(b), (http://example.com/x?y=1#z). Ünïcödé https://ex.com/ü!\nweb locked;";
        let urls = ["https://example.com/a_(b)", "http://example.com/x?y=1#z", "https://ex.com/ü"];
        assert_eq!(found(text), urls.map(one));
        let text = "web may reach api:80 because \"https://tickets.example.com/WEB-12\";\nweb may may because \"https://b.example\"";
        assert_eq!(found(text), ["https://tickets.example.com/WEB-12", "https://b.example"].map(one));
        assert_eq!(found("# http:// xhttps://a.example http https://\r\n"), [""; 0]);
        assert_eq!(found("test \"https://a.example\" { }"), [""; 0]);
        assert_eq!(found(""), [""; 0]);
    }
}
