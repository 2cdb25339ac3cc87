//! An editor without a window: starts the language server's real binary, speaks the protocol to it, and keeps what it
//! hears. For tests and for the benchmark of latencies.
#![allow(clippy::disallowed_methods, reason = "it starts a process")]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// So long a server may think before something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Editor {
    process: Child,
    to_server: Box<dyn Write + Send>,
    heard: Receiver<(Instant, Value)>,
    next: u64,
    /// Notifications, and requests of the server's, in their order.
    pub inbox: Vec<(Instant, Value)>,
    /// What it answers to `workspace/configuration`.
    pub settings: Value,
    /// What the server said of itself.
    pub capabilities: Value,
}

impl Editor {
    /// Starts a server on pipes.
    pub fn start(server: &Path) -> std::io::Result<Editor> {
        let mut process = Command::new(server)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        let (Some(stdin), Some(stdout)) = (stdin, stdout) else { return Err(broken("it has no pipes")) };
        Ok(Editor::over(process, Box::<ChildStdin>::new(stdin), Box::new(stdout)))
    }

    /// Speaks to a server that runs already.
    pub fn over(
        process: Child,
        to_server: Box<dyn Write + Send>,
        from_server: Box<dyn Read + Send>,
    ) -> Editor {
        let (sender, heard) = channel();
        thread::spawn(move || {
            let mut from_server = BufReader::new(from_server);
            while let Some(message) = message(&mut from_server) {
                if sender.send((Instant::now(), message)).is_err() {
                    return;
                }
            }
        });
        Editor {
            process,
            to_server,
            heard,
            next: 0,
            inbox: Vec::new(),
            settings: json!({}),
            capabilities: Value::Null,
        }
    }

    /// The first words, with the capabilities of a rich client but for pulled diagnostics, unless others are given.
    pub fn initialize(&mut self, folders: &[&Path], capabilities: Option<Value>) -> Value {
        let folders: Vec<Value> = folders
            .iter()
            .map(|folder| json!({ "uri": uri(folder), "name": folder.file_name().unwrap_or_default().to_string_lossy() }))
            .collect();
        let parameters = json!({
            "processId": null,
            "rootUri": folders.first().map(|folder| folder["uri"].clone()),
            "workspaceFolders": if folders.is_empty() { Value::Null } else { folders.into() },
            "capabilities": capabilities.unwrap_or_else(rich),
        });
        let answer = self.request("initialize", parameters);
        self.capabilities = answer["capabilities"].clone();
        self.notify("initialized", json!({}));
        answer
    }

    pub fn notify(&mut self, method: &str, parameters: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": parameters }));
    }

    /// Asks, and waits for the result. An error is a panic that shows it.
    pub fn request(&mut self, method: &str, parameters: Value) -> Value {
        match self.try_request(method, parameters) {
            Ok(result) => result,
            Err(error) => panic!("{method}: {error}"),
        }
    }

    pub fn try_request(&mut self, method: &str, parameters: Value) -> Result<Value, Value> {
        let id = self.ask(method, parameters);
        self.answer(id)
    }

    /// Asks without waiting.
    pub fn ask(&mut self, method: &str, parameters: Value) -> u64 {
        self.next += 1;
        let id = self.next;
        let mut message = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if !parameters.is_null() {
            message["params"] = parameters;
        }
        self.send(&message);
        id
    }

    pub fn answer(&mut self, id: u64) -> Result<Value, Value> {
        let until = Instant::now() + PATIENCE;
        loop {
            let (at, message) = self.hear(until).unwrap_or_else(|| panic!("no answer to request {id}"));
            if message.get("method").is_none() && message["id"] == id {
                return match message.get("error") {
                    Some(error) => Err(error.clone()),
                    None => Ok(message["result"].clone()),
                };
            }
            self.keep(at, message);
        }
    }

    /// Waits for a notification that fits; what came before counts too, and is taken out of the inbox.
    pub fn wait(&mut self, method: &str, fits: impl Fn(&Value) -> bool) -> (Instant, Value) {
        let until = Instant::now() + PATIENCE;
        let is_it = |message: &Value| message["method"] == method && fits(&message["params"]);
        loop {
            if let Some(at) = self.inbox.iter().position(|(_, message)| is_it(message)) {
                let (at, message) = self.inbox.remove(at);
                return (at, message["params"].clone());
            }
            let (at, message) = self.hear(until).unwrap_or_else(|| panic!("no {method} came"));
            self.keep(at, message);
        }
    }

    /// Diagnostics of a document, the next that are published.
    pub fn diagnostics(&mut self, uri: &str) -> (Instant, Vec<Value>) {
        let (at, parameters) = self.wait("textDocument/publishDiagnostics", |params| params["uri"] == uri);
        (at, parameters["diagnostics"].as_array().cloned().unwrap_or_default())
    }

    /// Hears whatever comes for a while.
    pub fn listen(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while let Some((at, message)) = self.hear(until) {
            self.keep(at, message);
        }
    }

    pub fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "weir", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub fn change(&mut self, uri: &str, version: i32, changes: Value) {
        let document = json!({ "uri": uri, "version": version });
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// Ends the server as an editor does, and says whether it ended well.
    pub fn end(mut self) -> bool {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.process.wait().is_ok_and(|status| status.success())
    }

    pub fn process(&self) -> u32 {
        self.process.id()
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let sent = write!(self.to_server, "Content-Length: {}\r\n\r\n{text}", text.len());
        sent.and_then(|()| self.to_server.flush())
            .unwrap_or_else(|error| panic!("the server is gone: {error}"));
    }

    fn hear(&mut self, until: Instant) -> Option<(Instant, Value)> {
        match self.heard.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("the server has ended"),
        }
    }

    /// Keeps what came unasked; what the server asks is answered.
    fn keep(&mut self, at: Instant, message: Value) {
        if let (Some(method), Some(id)) = (message["method"].as_str(), message.get("id")) {
            let result = match method {
                "workspace/configuration" => json!([self.settings]),
                "window/showDocument" => json!({ "success": true }),
                _ => Value::Null,
            };
            let answer = json!({ "jsonrpc": "2.0", "id": id, "result": result });
            self.send(&answer);
        }
        self.inbox.push((at, message));
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The capabilities of a client that can do everything but pull diagnostics.
pub fn rich() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-8", "utf-16"] },
        "window": { "workDoneProgress": true, "showDocument": { "support": true } },
        "workspace": {
            "configuration": true,
            "didChangeWatchedFiles": { "dynamicRegistration": true },
            "codeLens": { "refreshSupport": true },
            "inlayHint": { "refreshSupport": true },
            "semanticTokens": { "refreshSupport": true },
            "workspaceFolders": true,
        },
        "textDocument": {
            "completion": { "completionItem": { "snippetSupport": true } },
        },
    })
}

pub fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn broken(reason: &str) -> std::io::Error {
    std::io::Error::other(reason.to_owned())
}

fn message(from_server: &mut dyn BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if from_server.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.parse::<usize>().ok();
        }
    }
    let mut body = vec![0; length?];
    from_server.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
