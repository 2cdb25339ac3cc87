//! Lines above sentences, and the commands behind them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_lsp::ls_types::*;
use weir::ide::Desk;
use weir::ide::lenses::{self, About, Lens};

use crate::convert::Texts;

/// Opens the YAML that a sentence or a file becomes.
pub const SHOW_YAML: &str = "weir.server.showYaml";
/// Opens the page of who may reach something, or what it may reach.
pub const SHOW_REACH: &str = "weir.server.showReach";

/// What a lens brings along, so that it is found again when it is shown.
#[derive(Debug, Serialize, Deserialize)]
struct Resolvable {
    uri: Uri,
    /// Its number among the document's.
    at: usize,
}

pub fn answer(desk: &Desk<'_>, texts: &Texts<'_>, uri: &Uri) -> Vec<CodeLens> {
    let shown = lenses::lenses(desk).into_iter().enumerate().map(|(at, lens)| CodeLens {
        range: texts.range(desk.place(lens.span)),
        command: None,
        data: serde_json::to_value(Resolvable { uri: uri.clone(), at }).ok(),
    });
    shown.collect()
}

/// The document that a lens stands in.
pub fn home(lens: &CodeLens) -> Option<Uri> {
    let resolvable: Resolvable = serde_json::from_value(lens.data.clone()?).ok()?;
    Some(resolvable.uri)
}

/// The lens with its words and its command.
pub fn resolve(desk: &Desk<'_>, texts: &Texts<'_>, mut shown: CodeLens) -> CodeLens {
    let resolvable: Option<Resolvable> =
        shown.data.clone().and_then(|data| serde_json::from_value(data).ok());
    let found = resolvable.and_then(|resolvable| {
        let lens = lenses::lenses(desk).get(resolvable.at).copied()?;
        // While the program is still read, nobody is counted; the page behind it is there all the same.
        let title = lenses::title(desk, &lens).unwrap_or_else(|| match lens.about {
            About::Yaml => "show YAML".to_owned(),
            About::Incoming(_) => "who may reach this".to_owned(),
            About::Outgoing(_) => "what this may reach".to_owned(),
        });
        Some(command(title, &lens, texts, desk, &resolvable.uri))
    });
    // Of a text that has changed since: the client asks again.
    shown.command = found.or_else(|| Some(Command { title: "…".to_owned(), ..Command::default() }));
    shown
}

fn command(title: String, lens: &Lens, texts: &Texts<'_>, desk: &Desk<'_>, uri: &Uri) -> Command {
    let lines = texts.lines(desk.file);
    let (command, offset, direction) = match lens.about {
        About::Yaml => (SHOW_YAML, lens.span.start, Value::Null),
        About::Incoming(at) => (SHOW_REACH, at, json!("incoming")),
        About::Outgoing(at) => (SHOW_REACH, at, json!("outgoing")),
    };
    let position = lines.position(offset);
    let argument = json!({ "uri": uri, "position": position, "direction": direction });
    Command { title, command: command.to_owned(), arguments: Some(vec![argument]) }
}
