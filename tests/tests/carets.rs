//! Carets say what is wrong and where, whatever the wording: a comment line with `^^^ E0201` under the culprit. Each
//! `.weir` file of `cases/errors` is one program against the town and what a `.yaml` of its name adds to it, each `.toml`
//! file the `weir.toml` of a project; every diagnostic has its carets, and the other way round.

use std::collections::BTreeSet;

use crate::harness;

/// (line, column, length, code); columns count bytes from 0.
type Mark = (usize, usize, usize, String);

fn marks(text: &str) -> BTreeSet<Mark> {
    let mut marks = BTreeSet::new();
    let mut line_of_code = 0;
    for (at, line) in text.lines().enumerate() {
        let caret = line.find('^').filter(|_| line.starts_with('#'));
        let Some(mut column) = caret else {
            line_of_code = at;
            continue;
        };
        loop {
            let length = line[column..].bytes().take_while(|byte| *byte == b'^').count();
            let rest = line[column + length..].trim_start();
            let code: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
            marks.insert((line_of_code, column, length, code));
            match line[column + length..].find('^') {
                Some(next) => column += length + next,
                None => break,
            }
        }
    }
    marks
}

#[test]
fn carets_in_programs() {
    carets("weir", 50);
}

#[test]
fn carets_in_settings() {
    carets("toml", 50);
}

fn carets(kind: &str, at_least: usize) {
    let town = harness::texts(&[harness::cases().join("inventory.yaml")]);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for path in harness::entries(harness::cases().join("errors")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(case) = name.strip_suffix(&format!(".{kind}")) else { continue };
        let text = harness::read(&path);
        let (diagnostics, rendered) = match kind {
            "toml" => {
                let (sources, parsed) = harness::settings(&name, &text);
                let rendered = weir::diagnostic::render::render(&sources, &parsed.diagnostics, false);
                (parsed.diagnostics, rendered)
            }
            _ => {
                let mut manifests = town.clone();
                let own = path.with_extension("yaml");
                manifests.extend(own.exists().then(|| harness::texts(&[own])).into_iter().flatten());
                let built = harness::build(&vec![(name.clone(), text.clone())], &manifests);
                let rendered = built.rendered();
                (built.diagnostics, rendered)
            }
        };
        let found: BTreeSet<Mark> = diagnostics
            .iter()
            .filter_map(|diagnostic| {
                let place = diagnostic.labels.first()?.place;
                let range = place.span.range();
                let line_start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
                let line = text[..range.start].matches('\n').count();
                let end = text[range.start..].find('\n').map_or(text.len(), |at| range.start + at);
                let length = range.end.min(end).max(range.start + 1) - range.start;
                Some((line, range.start - line_start, length, diagnostic.code.name().to_owned()))
            })
            .collect();
        let expected = marks(&text);
        seen += expected.len();
        for (line, column, length, code) in expected.difference(&found) {
            wrong.push(format!("{name}:{}:{}: no {code} of {length} here", line + 1, column + 1));
        }
        for (line, column, length, code) in found.difference(&expected) {
            wrong.push(format!("{name}:{}:{}: {code} of {length} is not marked", line + 1, column + 1));
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(harness::cases().join("errors"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(case, rendered));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > at_least, "carets are found: {seen}");
}
