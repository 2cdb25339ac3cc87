//! How the server starts, counts, and ends.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use serde_json::json;
use weir_tests::editor::{Editor, rich};

use crate::scratch::{server, start};

#[test]
fn its_options_are_told() {
    let output = Command::new(server()).arg("--help").output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("--tcp HOST:PORT") && text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let output = Command::new(server()).arg("--prot").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("weir-lsp: invalid option '--prot'"));
    let output = Command::new(server()).args(["--tcp", "nowhere"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot listen on nowhere"));
}

#[test]
fn it_listens_on_a_socket() {
    let mut process =
        Command::new(server()).args(["--tcp", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("weir-lsp: listening on ").unwrap();
    let socket = TcpStream::connect(address).unwrap();
    let mut editor = Editor::over(process, Box::new(socket.try_clone().unwrap()), Box::new(socket));
    let answer = editor.initialize(&[], None);
    assert_eq!(answer["serverInfo"]["name"], "weir-lsp");
    assert!(editor.end());
}

#[test]
fn positions_are_counted_as_agreed() {
    for (offered, agreed, column) in [
        (json!(["utf-16", "utf-8"]), "utf-8", 9),
        (json!(["utf-16"]), "utf-16", 7),
        (json!(null), "utf-16", 7),
    ] {
        let mut editor = start();
        let mut capabilities = rich();
        capabilities["general"]["positionEncodings"] = offered;
        let answer = editor.initialize(&[], Some(capabilities));
        assert_eq!(answer["capabilities"]["positionEncoding"], agreed);
        // A character of four bytes and two units of UTF-16 before what is wrong.
        editor.open("untitled:a", "\"🦀\" %");
        let said = loop {
            let (_, said) = editor.diagnostics("untitled:a");
            if let Some(found) = said.iter().find(|said| said["code"] == "E0104") {
                break found.clone();
            }
        };
        assert_eq!(said["range"]["start"]["character"], column - 2, "{agreed}");
        assert!(editor.end());
    }
}

#[test]
fn what_it_does_not_know_is_an_error_of_that_answer_alone() {
    let mut editor = start();
    editor.initialize(&[], None);
    assert_eq!(editor.try_request("textDocument/noSuchThing", json!({})).unwrap_err()["code"], -32601);
    assert_eq!(
        editor.try_request("weir/virtualDocument", json!({ "uri": "weir:/nothing" })).unwrap_err()["message"],
        "there is no document `weir:/nothing`"
    );
    let nowhere = json!({ "textDocument": { "uri": "file:///nowhere.weir" }, "position": { "line": 3, "character": 9 } });
    assert!(editor.request("textDocument/hover", nowhere).is_null());
    assert!(editor.end());
}
