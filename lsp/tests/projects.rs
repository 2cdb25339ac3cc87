//! Programs as they come and change: with and without a project, an inventory, a folder; several folders; broken files.

use std::fs;

use serde_json::json;
use weir_tests::editor::Editor;

use crate::scratch::{Scratch, start, wait_for};

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: NAME, namespace: shop }\nspec:\n  selector: { matchLabels: { app: NAME } }\n  template:\n    metadata: { labels: { app: NAME } }\n    spec:\n      containers: [{ name: c, image: i, ports: [{ containerPort: 80 }] }]\n";
const SETTINGS: &str = "[clusters.c]\ninventory = [\"manifests/\"]\n";

fn deployment(name: &str) -> String {
    DEPLOYMENT.replace("NAME", name)
}

fn opened(scratch: &Scratch, name: &str, text: &str) -> (Editor, String) {
    let mut editor = start();
    editor.initialize(&[&scratch.root], None);
    let uri = scratch.uri(name);
    editor.open(&uri, text);
    (editor, uri)
}

fn changed(editor: &mut Editor, uri: &str, kind: u32) {
    editor.notify("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": uri, "type": kind }] }));
}

#[test]
fn a_new_manifest_is_read() {
    let scratch = Scratch::with(&[("weir.toml", SETTINGS), ("manifests/web.yaml", &deployment("web"))]);
    let (mut editor, uri) = opened(&scratch, "a.weir", "api locked;\n");
    wait_for(&mut editor, &uri, "E0201");
    let shown = editor.wait("$/progress", |progress| progress["value"]["kind"] == "begin").1;
    assert_eq!(shown["value"]["title"], "Weir: reading the inventory");
    editor.wait("$/progress", |progress| progress["value"]["kind"] == "end");
    scratch.write("manifests/api.yaml", &deployment("api"));
    changed(&mut editor, &scratch.uri("manifests/api.yaml"), 1);
    let said = loop {
        let (_, said) = editor.diagnostics(&uri);
        if said.iter().all(|said| said["code"] != "E0201") {
            break said;
        }
    };
    assert!(said.iter().all(|said| said["severity"] != 1), "{said:?}");
    assert!(editor.end());
}

#[test]
fn a_broken_manifest_is_told_and_the_last_one_stays() {
    let scratch = Scratch::with(&[("weir.toml", SETTINGS), ("manifests/web.yaml", &deployment("web"))]);
    let (mut editor, uri) = opened(&scratch, "a.weir", "web locked;\n");
    editor.wait("weir/status", |status| status["state"] == "ready");
    let manifest = scratch.uri("manifests/web.yaml");
    scratch.write("manifests/web.yaml", "kind: Deployment\nmetadata: [\n");
    changed(&mut editor, &manifest, 2);
    let said = wait_for(&mut editor, &manifest, "E0801");
    let message = said[0]["message"].as_str().unwrap();
    assert!(
        message.contains("the inventory that could be read last stays in use, with 1 workloads"),
        "{message}"
    );
    let status = editor.wait("weir/status", |status| status["state"] == "degraded").1;
    assert_eq!(status["workloads"], 1, "{status}");
    let hover = json!({ "textDocument": { "uri": uri }, "position": { "line": 0, "character": 1 } });
    assert!(editor.request("textDocument/hover", hover).to_string().contains("shop/web"));
    scratch.write("manifests/web.yaml", &deployment("web"));
    changed(&mut editor, &manifest, 2);
    wait_for(&mut editor, &manifest, "");
    assert!(editor.end());
}

#[test]
fn a_broken_project_file_has_its_diagnostics() {
    let scratch =
        Scratch::with(&[("weir.toml", "[clusters.c]\ninventry = [\"m\"]\n"), ("a.weir", "anyone locked;\n")]);
    let mut editor = start();
    editor.initialize(&[&scratch.root], None);
    let said = wait_for(&mut editor, &scratch.uri("weir.toml"), "E0703");
    assert_eq!(said[0]["range"]["start"]["line"], 1, "{said:?}");
    assert!(editor.end());
}

#[test]
fn files_without_a_project_are_checked_as_far_as_they_can_be() {
    let scratch = Scratch::with(&[("a.weir", "")]);
    let (mut editor, uri) = opened(&scratch, "a.weir", "nobody locked;\nlet a = b\n");
    let said = loop {
        let (_, said) = editor.diagnostics(&uri);
        if said.len() > 1 {
            break said;
        }
    };
    assert!(said.iter().any(|said| said["code"] == "E0102"), "{said:?}");
    let remark = said.iter().find(|said| said["severity"] == 3).unwrap();
    assert!(remark["message"].as_str().unwrap().contains("there is no inventory"), "{remark}");
    assert!(said.iter().all(|said| said["code"] != "E0201"), "names cannot be checked: {said:?}");
    assert!(editor.end());
}

#[test]
fn settings_name_an_inventory() {
    let scratch = Scratch::with(&[("a.weir", ""), ("m/web.yaml", &deployment("web"))]);
    let mut editor = start();
    editor.settings = json!({ "inventory": ["m"], "target": "cilium" });
    editor.initialize(&[&scratch.root], None);
    let uri = scratch.uri("a.weir");
    editor.open(&uri, "web locked;\nwbe may reach web:80;\n");
    wait_for(&mut editor, &uri, "E0201");
    let page = editor.request("workspace/executeCommand", json!({ "command": "weir.server.showYaml", "arguments": [{ "uri": uri, "position": { "line": 0, "character": 0 } }] }));
    let page = editor.request("weir/virtualDocument", page);
    assert!(page["text"].as_str().unwrap().contains("CiliumNetworkPolicy"), "{page}");
    assert!(editor.end());
}

#[test]
fn what_was_never_saved_is_answered() {
    let mut editor = start();
    editor.initialize(&[], None);
    editor.open("untitled:Untitled-1", "anyone locked;\nweb may reahc db;\n");
    wait_for(&mut editor, "untitled:Untitled-1", "E0101");
    let parameters = json!({ "textDocument": { "uri": "untitled:Untitled-1" }, "position": { "line": 0, "character": 8 } });
    assert!(editor.request("textDocument/hover", parameters).to_string().contains("Guards both ways"));
    assert!(editor.end());
}

#[test]
fn several_folders_have_programs_of_their_own() {
    let first = Scratch::with(&[
        ("weir.toml", SETTINGS),
        ("manifests/web.yaml", &deployment("web")),
        ("a.weir", "api locked;\n"),
    ]);
    let second = Scratch::with(&[
        ("weir.toml", SETTINGS),
        ("manifests/api.yaml", &deployment("api")),
        ("a.weir", "web locked;\n"),
    ]);
    let mut editor = start();
    editor.initialize(&[&first.root, &second.root], None);
    wait_for(&mut editor, &first.uri("a.weir"), "E0201");
    wait_for(&mut editor, &second.uri("a.weir"), "E0201");
    let removed =
        json!({ "event": { "added": [], "removed": [{ "uri": second.uri(""), "name": "second" }] } });
    editor.notify("workspace/didChangeWorkspaceFolders", removed);
    wait_for(&mut editor, &second.uri("a.weir"), "");
    assert!(editor.end());
}

#[test]
fn an_edit_tells_on_other_files() {
    let scratch = Scratch::with(&[
        ("weir.toml", SETTINGS),
        ("manifests/web.yaml", &deployment("web")),
        ("names.weir", "export let front = web;\n"),
        ("a.weir", "use names;\nfront locked;\n"),
    ]);
    let (mut editor, uri) = opened(&scratch, "names.weir", "export let front = web;\n");
    editor.wait("weir/status", |status| status["state"] == "ready");
    editor.change(&uri, 2, json!([{ "range": { "start": { "line": 0, "character": 11 }, "end": { "line": 0, "character": 16 } }, "text": "behind" }]));
    wait_for(&mut editor, &scratch.uri("a.weir"), "E0201");
    editor.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    let other = scratch.uri("a.weir");
    loop {
        let (_, said) = editor.diagnostics(&other);
        if said.iter().all(|said| said["code"] != "E0201") {
            break;
        }
    }
    assert!(editor.end());
}

#[test]
fn a_project_that_comes_later_takes_its_files() {
    let scratch = Scratch::with(&[("manifests/web.yaml", &deployment("web"))]);
    let (mut editor, uri) = opened(&scratch, "a.weir", "wbe locked;\n");
    loop {
        let (_, said) = editor.diagnostics(&uri);
        if said.iter().any(|said| said["severity"] == 3) {
            break;
        }
    }
    scratch.write("weir.toml", SETTINGS);
    changed(&mut editor, &scratch.uri("weir.toml"), 1);
    wait_for(&mut editor, &uri, "E0201");
    fs::remove_file(scratch.path("weir.toml")).unwrap();
    changed(&mut editor, &scratch.uri("weir.toml"), 3);
    loop {
        let (_, said) = editor.diagnostics(&uri);
        if said.iter().all(|said| said["code"] != "E0201") {
            break;
        }
    }
    assert!(editor.end());
}

#[test]
fn the_cluster_and_the_target_are_chosen() {
    let settings = "[clusters.one]\ninventory = [\"one/\"]\n[clusters.two]\ninventory = [\"two/\"]\ntarget = \"calico\"\n";
    let scratch = Scratch::with(&[
        ("weir.toml", settings),
        ("one/web.yaml", &deployment("web")),
        ("two/web.yaml", &deployment("web")),
        ("two/api.yaml", &deployment("api")),
    ]);
    let (mut editor, uri) = opened(&scratch, "a.weir", "web locked;\nin cluster two {\n    api locked;\n}\n");
    editor.wait("weir/status", |status| status["state"] == "ready");
    let shown = |editor: &mut Editor| {
        let page = editor.request(
            "workspace/executeCommand",
            json!({ "command": "weir.server.showYaml", "arguments": [{ "uri": uri }] }),
        );
        editor.request("weir/virtualDocument", page)["text"].as_str().unwrap().to_owned()
    };
    let text = shown(&mut editor);
    assert!(
        text.starts_with("# a.weir, in the cluster `one`, for the target `networkpolicy`")
            && !text.contains("app: api"),
        "{text}"
    );
    editor.request("weir/choose", json!({ "cluster": "two" }));
    let text = shown(&mut editor);
    assert!(
        text.starts_with("# a.weir, in the cluster `two`, for the target `calico`") && text.contains("'api'"),
        "{text}"
    );
    editor.request("weir/choose", json!({ "cluster": "two", "target": "cilium" }));
    assert!(shown(&mut editor).contains("CiliumNetworkPolicy"));
    editor.wait("weir/virtualDocumentChanged", |page| page["uri"].as_str().unwrap().contains("a.weir.yaml"));
    let whole = json!({ "command": "weir.server.showYaml", "arguments": [{ "uri": uri, "whole": true }] });
    let page = editor.request("workspace/executeCommand", whole);
    let text = editor.request("weir/virtualDocument", page)["text"].as_str().unwrap().to_owned();
    assert_eq!(text.matches("kind: CiliumNetworkPolicy").count(), 2, "{text}");
    let chosen = editor.request("weir/clusters", json!({}));
    assert_eq!(chosen["chosen"], json!({ "cluster": "two", "target": "cilium" }));
    let error = editor.try_request("weir/choose", json!({ "target": "iptables" })).unwrap_err();
    assert_eq!(error["message"], "there is no target `iptables`");
    assert!(editor.end());
}
