//! The page behind a lens: everyone at the other end of a set's flows, on which ports, by which sentences.

use super::calls::places;
use super::peers::{asked_at, ports_spoken, spoken};
use super::{Desk, Way};
use crate::source::Place;

/// More rows are counted.
const MOST: usize = 500;

/// As Markdown. `None` where no set stands, or where nothing is known yet.
pub fn page(desk: &Desk<'_>, offset: u32, way: Way) -> Option<String> {
    let asked = asked_at(desk, offset)?;
    let found = asked.peers(desk, way)?;
    let text = desk.text().get(asked.span.range()).unwrap_or_default();
    let mut page = match way {
        Way::Incoming => format!("# Who may reach `{text}`\n\n"),
        Way::Outgoing => format!("# What `{text}` may reach\n\n"),
    };
    if found.unguarded && !asked.classes.is_empty() {
        page += match way {
            Way::Incoming => {
                "No posture closes all of it for ingress: whoever is open on his side may reach it, beside these.\n\n"
            }
            Way::Outgoing => {
                "No posture closes all of it for egress: it may reach whoever is open on his side, beside these.\n\n"
            }
        };
    }
    if found.peers.is_empty() {
        page += "Nobody is granted anything here.\n";
        return Some(page);
    }
    page += match way {
        Way::Incoming => "| from | ports | said in |\n|---|---|---|\n",
        Way::Outgoing => "| to | ports | said in |\n|---|---|---|\n",
    };
    let mut rows: Vec<String> = found
        .peers
        .iter()
        .map(|(peer, open)| {
            let said: Vec<String> = places(open).into_iter().map(|place| at(desk, place)).collect();
            let ports = ports_spoken(open).replace('|', "\\|");
            format!("| `{}` | {ports} | {} |\n", spoken(peer, desk.facts()), said.join(", "))
        })
        .collect();
    rows.sort();
    let rest = rows.len().saturating_sub(MOST);
    rows.truncate(MOST);
    page.extend(rows);
    if rest > 0 {
        page += &format!("\nand {rest} more.\n");
    }
    Some(page)
}

fn at(desk: &Desk<'_>, place: Place) -> String {
    let source = desk.workspace.sources.get(place.file);
    let before = source.text.get(..place.span.start as usize).unwrap_or_default();
    format!("{}:{}", source.name, before.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::fixture::fixture;

    #[test]
    fn rows_name_ports_and_sentences() {
        let fixture = fixture("d$0b locked;\nweb may reach db:5432;\napi may reach db:postgres;\n");
        assert_eq!(
            page(&fixture.desk(), fixture.offset, Way::Incoming).unwrap(),
            "# Who may reach `db`\n\n| from | ports | said in |\n|---|---|---|\n| `shop/api` | 5432/tcp | main.weir:3 |\n| `shop/web` | 5432/tcp | main.weir:2 |\n"
        );
    }

    #[test]
    fn what_is_open_is_said_first() {
        let fixture = fixture("we$0b may reach db:5432;\n");
        let text = page(&fixture.desk(), fixture.offset, Way::Incoming).unwrap();
        assert!(text.contains("No posture closes all of it for ingress"), "{text}");
        assert!(text.ends_with("Nobody is granted anything here.\n"), "{text}");
    }
}
