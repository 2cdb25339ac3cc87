//! What may be said on the ports of a rule, as it is written: requests of HTTP, questions of the DNS, and protocols that
//! are checked no further. Knows no points, and of ports only how they are written.

use super::decode::{Direction, each};
use super::peers::host;
use super::ports::Written;
use super::rules::{HttpRule, Port, Saying};
use crate::enforce::read::fields::{Decoder, Path};
use crate::enforce::read::tree::Node;
use crate::flow::Pattern;
use crate::labels::Text;

pub(super) fn said(
    decoder: &mut Decoder,
    node: &Node<'_>,
    path: Path<'_>,
    ports: &[(Port, Written)],
    direction: Direction,
) -> Option<Saying> {
    let entries = decoder.fields(node, path, &["http", "dns", "kafka", "l7proto", "l7"])?;
    let given: Vec<&str> =
        ["http", "dns", "kafka", "l7proto"].into_iter().filter(|name| entries.get(name).is_some()).collect();
    if let (Some(node), None) = (entries.get("l7"), entries.get("l7proto")) {
        let message = "`l7` may not stand without `l7proto`: say which protocol its rules are of";
        decoder.error(node.line, path.field("l7"), message);
        return None;
    }
    let &[kind] = given.as_slice() else {
        let message = if given.is_empty() {
            "`rules` has to hold `http` or `dns`: leave it out to allow whatever is said"
        } else {
            "there may be rules of one protocol: write two rules"
        };
        decoder.error(node.line, path, message);
        return None;
    };
    let here = path.field(kind);
    let dns = kind == "dns";
    if dns && direction.ingress {
        decoder.error(
            node.line,
            here,
            "rules of the DNS may not stand in a rule of ingress: write them for the egress of who asks",
        );
    }
    if dns && ports.is_empty() {
        decoder.error(node.line, here, "rules of the DNS need a port beside them: write port `\"53\"`");
    }
    for (_, written) in ports {
        if written.zero {
            let message = "what is said cannot be asked for on all ports at once: name the port";
            decoder.error(written.line, here, message);
        } else if !dns && !written.tcp {
            let message = "what is said can be asked for of TCP only: write `protocol: TCP` beside the port";
            decoder.error(written.line, here, message);
        } else if dns && written.range {
            let message = "rules of the DNS may not stand beside a range of ports: write port `\"53\"`";
            decoder.error(written.line, here, message);
        }
    }
    let list = entries.get(kind)?;
    Some(match kind {
        "http" => match each(decoder, list, here, http) {
            rules if rules.is_empty() => Saying::Anything,
            rules => Saying::Http(rules),
        },
        "dns" => match each(decoder, list, here, host) {
            names if names.is_empty() => Saying::Anything,
            names => Saying::Dns(names),
        },
        "kafka" => {
            each(decoder, list, here, kafka);
            Saying::Unknown
        }
        _ => {
            decoder.string(list, here);
            if let Some(node) = entries.get("l7") {
                let path = path.field("l7");
                each(decoder, node, path, |decoder, node, path| Some(decoder.map(node, path).len()));
            }
            Saying::Unknown
        }
    })
}

fn http(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<HttpRule> {
    let entries = decoder.fields(node, path, &["method", "path", "host", "headers", "headerMatches"])?;
    let mut pattern = |name: &'static str| {
        let text =
            entries.get(name).and_then(|node| decoder.checked(node, path.field(name), Pattern::check))?;
        (!text.is_empty()).then(|| Text::from(text))
    };
    let (method, wanted, host) = (pattern("method"), pattern("path"), pattern("host"));
    let mut rule = HttpRule { method, path: wanted, host, ..HttpRule::default() };
    if let Some(node) = entries.get("headers") {
        for text in decoder.strings(node, path.field("headers")) {
            let (name, value) = match text.split_once(':').or_else(|| text.split_once(' ')) {
                Some((name, value)) => (name, Some(value.trim()).filter(|value| !value.is_empty())),
                None => (text, None),
            };
            rule.headers.push((Text::from(name.trim().to_ascii_lowercase()), value.map(Text::from)));
        }
    }
    if let Some(node) = entries.get("headerMatches") {
        let matches = each(decoder, node, path.field("headerMatches"), header);
        for Header { name, value, secret } in matches.into_iter().flatten() {
            rule.secret |= secret;
            rule.headers.push((name, value));
        }
    }
    rule.headers.sort_unstable();
    rule.headers.dedup();
    Some(rule)
}

/// A header that a request has to have.
struct Header {
    name: Text,
    value: Option<Text>,
    secret: bool,
}

/// `None` inside where a request may do without.
fn header(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<Option<Header>> {
    let entries = decoder.fields(node, path, &["name", "value", "secret", "mismatch"])?;
    let name = decoder.required(&entries, node.line, path, "name")?;
    let name = decoder.string(name, path.field("name"))?;
    let value = entries.get("value").and_then(|node| decoder.string(node, path.field("value")));
    let secret = entries.get("secret");
    if let Some(node) = secret {
        super::ports::secret(decoder, node, path.field("secret"));
    }
    let required = match entries.get("mismatch") {
        None => true,
        Some(node) => match decoder.string(node, path.field("mismatch"))? {
            "LOG" | "ADD" | "DELETE" | "REPLACE" => false,
            other => {
                let message = format!("`{other}` is no mismatch: `LOG`, `ADD`, `DELETE` and `REPLACE` are");
                decoder.error(node.line, path.field("mismatch"), message);
                return None;
            }
        },
    };
    let value = value.filter(|value| !value.is_empty()).map(Text::from);
    Some(required.then(|| Header {
        name: Text::from(name.to_ascii_lowercase()),
        secret: secret.is_some() && value.is_none(),
        value,
    }))
}

fn kafka(decoder: &mut Decoder, node: &Node<'_>, path: Path<'_>) -> Option<()> {
    const FIELDS: [&str; 5] = ["role", "apiKey", "apiVersion", "clientID", "topic"];
    let entries = decoder.fields(node, path, &FIELDS)?;
    for name in FIELDS {
        entries.get(name).and_then(|node| decoder.string(node, path.field(name)));
    }
    Some(())
}
