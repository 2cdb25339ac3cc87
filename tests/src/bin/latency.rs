//! How long the language server takes to answer, on what `generate` wrote: drives the real binary over its pipes.
//! `latency DIR` prints a table of percentiles; it is no test.
#![allow(clippy::disallowed_methods, reason = "it reads files and the clock")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::{Value, json};
use weir_tests::editor::{Editor, uri};

#[derive(Parser)]
#[command(about = "Prints how long the language server takes to answer")]
struct Arguments {
    /// The folder with `inventory/` and `program/`
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// How often each is asked
    #[arg(long, default_value_t = 100)]
    times: usize,
    /// Another binary than the `weir-lsp` beside this one
    #[arg(long)]
    server: Option<PathBuf>,
}

struct Row {
    what: &'static str,
    took: Vec<Duration>,
}

impl Row {
    fn new(what: &'static str) -> Row {
        Row { what, took: Vec::new() }
    }

    fn print(mut self) {
        self.took.sort_unstable();
        let shown = |share: f64| {
            let at = ((self.took.len() as f64 * share).ceil() as usize).clamp(1, self.took.len()) - 1;
            self.took[at].as_secs_f64() * 1e3
        };
        if !self.took.is_empty() {
            println!("{:<40}{:>10.1}{:>10.1}{:>10.1}", self.what, shown(0.50), shown(0.95), shown(0.99));
        }
    }
}

fn main() -> ExitCode {
    match bench(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: &Arguments) -> std::io::Result<()> {
    let folder = fs::canonicalize(&arguments.folder)?;
    let settings = folder.join("weir.toml");
    if !settings.is_file() {
        fs::write(&settings, "[clusters.large]\ninventory = [\"inventory/\"]\n")?;
    }
    let server = match &arguments.server {
        Some(server) => server.clone(),
        None => std::env::current_exe()?.with_file_name(format!("weir-lsp{}", std::env::consts::EXE_SUFFIX)),
    };
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder.join("program"))?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let path = files.get(files.len() / 2).cloned().unwrap_or_default();
    let text = fs::read_to_string(&path)?;
    let start = Instant::now();
    let mut editor = Editor::start(&server)?;
    editor.initialize(&[&folder], None);
    let document = uri(&path);
    // With an unknown name in it: the first diagnostics that tell of it have been held against the inventory.
    let probe = format!("{text}\nnobody-at-all may reach nobody-else;\n");
    editor.open(&document, &probe);
    let mut rows = Vec::new();
    let mut first = Row::new("start to first diagnostics of the file");
    let named = |said: &[Value]| said.iter().any(|said| said["code"] == "E0201");
    loop {
        let (at, said) = editor.diagnostics(&document);
        if named(&said) {
            first.took.push(at - start);
            break;
        }
    }
    rows.push(first);
    let mut whole = Row::new("start to diagnostics of the project");
    // The first verdict on the project is told by the status behind it.
    let ready = |params: &Value| params["state"] == "ready";
    editor.wait("weir/status", ready);
    let (at, _) = editor.wait("weir/status", ready);
    whole.took.push(at - start);
    rows.push(whole);
    settle(&mut editor);
    let loaded = memory(editor.process());
    let mut version = 1;
    let lines = probe.lines().count();
    let mut own = Row::new("keystroke to diagnostics of the file");
    let mut project = Row::new("keystroke to diagnostics of the project");
    for round in 0..arguments.times {
        // Alternately a name that is one and a name that is none: the answer differs each time.
        let line = if round % 2 == 0 {
            "nobody-at-all may reach nobody-more;"
        } else {
            "nobody-at-all may reach nobody-else;"
        };
        version += 1;
        let at = json!({ "line": lines - 1, "character": 0 });
        let end = json!({ "line": lines - 1, "character": 1000 });
        let sent = Instant::now();
        editor.change(&document, version, json!([{ "range": { "start": at, "end": end }, "text": line }]));
        let (heard, _) = editor.diagnostics(&document);
        own.took.push(heard - sent);
        if round % 4 == 3 {
            // A pause in which the project is judged: its verdict is told by the status.
            let (heard, _) = editor.wait("weir/status", |_| true);
            project.took.push(heard.saturating_duration_since(sent));
            editor.inbox.clear();
        } else {
            editor.listen(Duration::from_millis(60));
            editor.inbox.retain(|(_, message)| message["method"] != "weir/status");
        }
    }
    rows.push(own);
    rows.push(project);
    settle(&mut editor);
    for (what, method, extra) in [
        ("hover", "textDocument/hover", json!({})),
        ("completion", "textDocument/completion", json!({ "context": { "triggerKind": 1 } })),
        ("definition", "textDocument/definition", json!({})),
        ("document highlight", "textDocument/documentHighlight", json!({})),
        ("signature help", "textDocument/signatureHelp", json!({})),
    ] {
        if editor.capabilities.get(capability(method)).is_none() {
            continue;
        }
        let mut row = Row::new(what);
        let positions = positions(&text);
        for round in 0..arguments.times {
            let (line, character) = positions[round * 7 % positions.len()];
            let mut parameters = json!({
                "textDocument": { "uri": document }, "position": { "line": line, "character": character },
            });
            if let (Some(parameters), Some(extra)) = (parameters.as_object_mut(), extra.as_object()) {
                parameters.extend(extra.clone());
            }
            row.took.push(asked(&mut editor, method, parameters));
        }
        rows.push(row);
    }
    for (what, method, range) in [
        ("document symbols", "textDocument/documentSymbol", false),
        ("semantic tokens", "textDocument/semanticTokens/full", false),
        ("code lenses", "textDocument/codeLens", false),
        ("inlay hints of a screen", "textDocument/inlayHint", true),
        ("code actions of a line", "textDocument/codeAction", true),
    ] {
        if editor.capabilities.get(capability(method)).is_none() {
            continue;
        }
        let mut row = Row::new(what);
        for round in 0..arguments.times {
            let first = round % 50;
            let mut parameters = json!({ "textDocument": { "uri": document } });
            if range {
                let last = if what.ends_with("line") { first } else { first + 40 };
                parameters["range"] = json!({
                    "start": { "line": first, "character": 0 }, "end": { "line": last, "character": 20 },
                });
                parameters["context"] = json!({ "diagnostics": [] });
            }
            row.took.push(asked(&mut editor, method, parameters));
        }
        rows.push(row);
    }
    let lenses = editor.capabilities.get("codeLensProvider").is_some();
    if lenses {
        let all = editor.request("textDocument/codeLens", json!({ "textDocument": { "uri": document } }));
        let mut row = Row::new("code lens resolved");
        for lens in all.as_array().into_iter().flatten().take(arguments.times) {
            row.took.push(asked(&mut editor, "codeLens/resolve", lens.clone()));
        }
        rows.push(row);
    }
    println!("{:<40}{:>10}{:>10}{:>10}", "milliseconds", "p50", "p95", "p99");
    rows.into_iter().for_each(Row::print);
    for (when, memory) in [("once it is read", loaded), ("in the end", memory(editor.process()))] {
        if let Some((now, peak)) = memory {
            println!("resident memory {when} {:.0} MiB, at most {:.0} MiB", now / 1024.0, peak / 1024.0);
        }
    }
    editor.end();
    Ok(())
}

fn asked(editor: &mut Editor, method: &str, parameters: Value) -> Duration {
    let sent = Instant::now();
    editor.request(method, parameters);
    sent.elapsed()
}

/// Waits until the server has nothing more to say.
fn settle(editor: &mut Editor) {
    loop {
        editor.inbox.clear();
        editor.listen(Duration::from_millis(1500));
        if editor.inbox.is_empty() {
            return;
        }
    }
}

/// Positions within the words of a text.
fn positions(text: &str) -> Vec<(usize, usize)> {
    let of_line = |(line, text): (usize, &str)| {
        let words = text.split(' ').scan(0, |at, word| {
            let here = *at + word.len() / 2;
            *at += word.len() + 1;
            Some(here)
        });
        words.map(|at| (line, at)).collect::<Vec<_>>()
    };
    text.lines().enumerate().flat_map(of_line).collect()
}

fn capability(method: &str) -> String {
    let name = method.trim_start_matches("textDocument/").split('/').next().unwrap_or_default();
    format!("{name}Provider")
}

/// The memory of a process in KiB: now, and at most.
fn memory(process: u32) -> Option<(f64, f64)> {
    let status = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status")).ok()?;
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok()
    };
    Some((of("VmRSS:")?, of("VmHWM:")?))
}
