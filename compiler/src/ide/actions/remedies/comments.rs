//! Comments that allow nothing: the lint or the comment goes, or gets its reason.

use weir_grammar::Span;

use super::{Remedy, word};
use crate::ide::Desk;
use crate::ide::actions::tree;
use crate::lint::{self, Allowance};

pub fn remedies(desk: &Desk<'_>, at: Span) -> Vec<Remedy> {
    let allowances = lint::allowances(desk.source());
    let holds = |one: &&Allowance| one.comment.start <= at.start && at.end <= one.comment.end;
    let Some(allowance) = allowances.iter().find(holds) else { return Vec::new() };
    let whole = || Remedy::new("drop the comment", vec![tree::line_out(desk, allowance.comment)]);
    match allowance.names.iter().position(|name| *name == at) {
        Some(_) if allowance.names.len() == 1 => vec![whole().preferred()],
        Some(place) => {
            // With the comma that parts it from its neighbour.
            let names = &allowance.names;
            let span = match names.get(place + 1) {
                Some(next) => Span { start: at.start, end: next.start },
                None => Span { start: names[place - 1].end, end: at.end },
            };
            let title = format!("allow `{}` no more", word(desk, at));
            vec![Remedy::new(title, vec![tree::replace(desk, span, "")]).preferred()]
        }
        None if !allowance.has_reason => {
            let words = word(desk, allowance.comment).trim_end();
            let plain = words.trim_end_matches(|c: char| c != ')');
            let is_open = words.len() > plain.len();
            let end = allowance.comment.start + plain.len() as u32;
            let span = Span { start: end, end: allowance.comment.start + words.len() as u32 };
            let reason = tree::replace(desk, span, " because \"why\"");
            let title = if is_open { "fill in a reason" } else { "say why, with `because`" };
            vec![Remedy::new(title, vec![reason]), whole()]
        }
        None => vec![whole()],
    }
}

#[cfg(test)]
mod tests {
    use crate::codes::Code;
    use crate::ide::actions::testing::{fixes, preferred};

    const LOCKED: &str = "namespace shop locked;\n";

    fn rest(text: &str) -> Vec<String> {
        let found = fixes(&format!("{LOCKED}{text}"), Code::W0126);
        found.into_iter().map(|[_, text]| text.strip_prefix(LOCKED).unwrap().to_owned()).collect()
    }

    #[test]
    fn a_comment_that_allows_nothing_goes() {
        assert_eq!(
            rest("# weir: allow(W0$0102) because \"a\"\nweb may reach api:80;"),
            ["web may reach api:80;"]
        );
        assert_eq!(
            rest("web may reach api:80; # weir: allow(W0$0102) because \"a\"\n# b"),
            ["web may reach api:80;\n# b"]
        );
        assert_eq!(
            rest("# weir: allow(W0$0107, W0102) because \"a\"\nweb may reach api;"),
            ["# weir: allow(W0102) because \"a\"\nweb may reach api;"]
        );
        let text = format!("{LOCKED}# weir: allow(W0102, no$0thing) because \"a\"\nweb may reach api;");
        assert_eq!(
            preferred(&text, Code::W0126).unwrap(),
            format!("{LOCKED}# weir: allow(W0102) because \"a\"\nweb may reach api;")
        );
    }

    #[test]
    fn a_comment_without_a_reason_gets_one() {
        assert_eq!(
            rest("# weir: all$0ow(W0102)\nweb may reach api;"),
            ["# weir: allow(W0102) because \"why\"\nweb may reach api;", "web may reach api;"]
        );
        assert_eq!(
            rest("# weir: all$0ow(W0102) because \"\"\nweb may reach api;")[0],
            "# weir: allow(W0102) because \"why\"\nweb may reach api;"
        );
        assert_eq!(
            rest("web may reach api:80;\n# weir: all$0ow(W0102) because \"a\""),
            ["web may reach api:80;"]
        );
    }
}
