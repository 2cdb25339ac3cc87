//! What the server answers to each request, on the online shop. Everything that it announces has an answer here, and none
//! is empty.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_tests::editor::Editor;

use crate::scratch::{Scratch, position, start};

const SETTINGS: &str = "[clusters.shop]\ninventory = [\"manifests/\"]\n";

/// The shop with a policy, a test and a few things to remark.
fn shop() -> (Scratch, Editor, String) {
    let scratch = Scratch::example("online-shop", SETTINGS);
    let text = scratch.read("shop.weir")
        + "\npolicy watched(who) {\n    ops/prometheus may reach who:9100;\n}\napply watched(shop/worker);\n\nuse std.kubernetes;\nshop/web may reach shop/api;\ntest \"customers\" {\n    internet reaches shop/web:80;\n}\n";
    scratch.write("shop.weir", &text);
    let mut editor = start();
    editor.initialize(&[&scratch.root], None);
    let uri = scratch.uri("shop.weir");
    editor.open(&uri, &text);
    // Two: what the words say, then what they mean together.
    editor.wait("weir/status", |status| status["state"] == "ready");
    editor.wait("weir/status", |status| status["state"] == "ready");
    (scratch, editor, text)
}

fn is_empty(answer: &Value) -> bool {
    match answer {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => {
            map.is_empty() || map.get("items").is_some_and(is_empty) || map.get("data").is_some_and(is_empty)
        }
        _ => false,
    }
}

#[test]
fn everything_announced_is_answered() {
    let (scratch, mut editor, text) = shop();
    let uri = scratch.uri("shop.weir");
    let document = json!({ "uri": uri });
    let at = |word: &str| json!({ "textDocument": document, "position": position(&text, word) });
    let whole = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 40, "character": 0 } });
    let with = |mut base: Value, more: Value| {
        base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        base
    };
    let mut answered: BTreeSet<&str> = BTreeSet::new();
    let mut tell = |editor: &mut Editor,
                    capability: &'static str,
                    name: &str,
                    method: &str,
                    parameters: Value|
     -> Value {
        let answer = editor.request(method, parameters);
        assert!(!is_empty(&answer), "{method} has nothing to say: {answer}");
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "snapshots" }, {
            insta::assert_snapshot!(name, scratch.shown(&answer));
        });
        answered.insert(capability);
        answer
    };
    let e = &mut editor;
    let found = tell(
        e,
        "completionProvider",
        "completion",
        "textDocument/completion",
        at("shop/$0web:80;\n\nin namespace"),
    );
    let item =
        found["items"].as_array().unwrap().iter().find(|item| item["data"].is_object()).cloned().unwrap();
    tell(e, "completionProvider", "completion-resolve", "completionItem/resolve", item);
    tell(e, "signatureHelpProvider", "signature-help", "textDocument/signatureHelp", at("apply watched($0"));
    tell(e, "hoverProvider", "hover-workload", "textDocument/hover", at("data/or$0ders:5432"));
    tell(e, "hoverProvider", "hover-sentence", "textDocument/hover", at("backend may re$0ach data/orders"));
    tell(e, "hoverProvider", "hover-port", "textDocument/hover", at("shop/web:8$00"));
    tell(
        e,
        "inlayHintProvider",
        "inlay-hints",
        "textDocument/inlayHint",
        json!({ "textDocument": document, "range": whole }),
    );
    tell(e, "definitionProvider", "definition-manifest", "textDocument/definition", at("data/or$0ders:5432"));
    tell(e, "definitionProvider", "definition-let", "textDocument/definition", at("shop/web, back$0end"));
    tell(e, "definitionProvider", "definition-library", "textDocument/definition", at("std.kuber$0netes"));
    tell(
        e,
        "referencesProvider",
        "references",
        "textDocument/references",
        with(at("let back$0end"), json!({ "context": { "includeDeclaration": true } })),
    );
    tell(e, "documentHighlightProvider", "highlight", "textDocument/documentHighlight", at("let back$0end"));
    tell(e, "renameProvider", "rename-prepare", "textDocument/prepareRename", at("let back$0end"));
    tell(
        e,
        "renameProvider",
        "rename",
        "textDocument/rename",
        with(at("let back$0end"), json!({ "newName": "behind" })),
    );
    tell(
        e,
        "documentSymbolProvider",
        "document-symbols",
        "textDocument/documentSymbol",
        json!({ "textDocument": document }),
    );
    tell(e, "workspaceSymbolProvider", "workspace-symbols", "workspace/symbol", json!({ "query": "ord" }));
    tell(
        e,
        "documentLinkProvider",
        "links",
        "textDocument/documentLink",
        json!({ "textDocument": document }),
    );
    tell(
        e,
        "foldingRangeProvider",
        "folds",
        "textDocument/foldingRange",
        json!({ "textDocument": document }),
    );
    tell(
        e,
        "selectionRangeProvider",
        "selections",
        "textDocument/selectionRange",
        json!({ "textDocument": document, "positions": [position(&text, "data/or$0ders:5432")] }),
    );
    let tokens = tell(
        e,
        "semanticTokensProvider",
        "tokens",
        "textDocument/semanticTokens/full",
        json!({ "textDocument": document }),
    );
    tell(
        e,
        "semanticTokensProvider",
        "tokens-range",
        "textDocument/semanticTokens/range",
        json!({ "textDocument": document, "range": { "start": { "line": 2, "character": 0 }, "end": { "line": 3, "character": 0 } } }),
    );
    tell(
        e,
        "codeActionProvider",
        "actions",
        "textDocument/codeAction",
        json!({ "textDocument": document, "range": { "start": position(&text, "shop/web may reach shop/api;"), "end": position(&text, "reach shop/api;$0") }, "context": { "diagnostics": [] } }),
    );
    let lenses =
        tell(e, "codeLensProvider", "lenses", "textDocument/codeLens", json!({ "textDocument": document }));
    let resolved: Vec<Value> =
        lenses.as_array().unwrap().iter().map(|lens| e.request("codeLens/resolve", lens.clone())).collect();
    let titles: Vec<&Value> = resolved.iter().map(|lens| &lens["command"]["title"]).collect();
    assert!(titles.iter().any(|title| title.as_str().unwrap().ends_with("may reach this")), "{titles:?}");
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("lens-titles", scratch.shown(&json!(titles)));
    });
    let items = tell(
        e,
        "callHierarchyProvider",
        "calls-prepare",
        "textDocument/prepareCallHierarchy",
        at("data/or$0ders:5432"),
    );
    tell(
        e,
        "callHierarchyProvider",
        "calls-incoming",
        "callHierarchy/incomingCalls",
        json!({ "item": items[0] }),
    );
    let items = e.request("textDocument/prepareCallHierarchy", at("ops/back$0up"));
    tell(
        e,
        "callHierarchyProvider",
        "calls-outgoing",
        "callHierarchy/outgoingCalls",
        json!({ "item": items[0] }),
    );
    let page = tell(
        e,
        "executeCommandProvider",
        "command-yaml",
        "workspace/executeCommand",
        json!({ "command": "weir.server.showYaml", "arguments": [{ "uri": uri, "position": position(&text, "ops/backup may") }] }),
    );
    tell(e, "executeCommandProvider", "page-yaml", "weir/virtualDocument", page);
    let page = e.request("workspace/executeCommand", json!({ "command": "weir.server.showReach", "arguments": [{ "uri": uri, "position": position(&text, "data/or$0ders:5432"), "direction": "incoming" }] }));
    tell(e, "executeCommandProvider", "page-reach", "weir/virtualDocument", page);
    e.wait("window/showDocument", |shown| {
        shown["uri"].as_str().unwrap().starts_with("weir:/yaml/shop/networkpolicy/")
    });
    tell(e, "executeCommandProvider", "clusters", "weir/clusters", json!({ "uri": uri }));

    // With a line that is not as it should be.
    let last = text.lines().count();
    let end = json!({ "line": last, "character": 0 });
    editor.change(
        &uri,
        2,
        json!([{ "range": { "start": end, "end": end }, "text": "shop/web   may reach shop/api:80 ;\n" }]),
    );
    let options = json!({ "tabSize": 4, "insertSpaces": true });
    let e = &mut editor;
    tell(
        e,
        "documentFormattingProvider",
        "formatting",
        "textDocument/formatting",
        json!({ "textDocument": document, "options": options }),
    );
    tell(
        e,
        "documentRangeFormattingProvider",
        "formatting-range",
        "textDocument/rangeFormatting",
        json!({ "textDocument": document, "options": options, "range": { "start": end, "end": { "line": last + 1, "character": 0 } } }),
    );
    tell(
        e,
        "documentOnTypeFormattingProvider",
        "formatting-on-type",
        "textDocument/onTypeFormatting",
        json!({ "textDocument": document, "options": options, "position": { "line": last, "character": 34 }, "ch": ";" }),
    );
    let delta = json!({ "textDocument": document, "previousResultId": tokens["resultId"] });
    let edits = e.request("textDocument/semanticTokens/full/delta", delta);
    assert_eq!(edits["edits"].as_array().unwrap().len(), 1, "{edits}");

    // Of the rest, no request asks.
    let quiet = ["positionEncoding", "textDocumentSync", "workspace"];
    let announced = editor.capabilities.as_object().unwrap().keys();
    let forgotten: Vec<&String> = announced
        .filter(|name| !answered.contains(name.as_str()) && !quiet.contains(&name.as_str()))
        .collect();
    assert!(forgotten.is_empty(), "announced and never asked for: {forgotten:?}");
    assert!(editor.end());
}

#[test]
fn diagnostics_are_pushed_with_pages_and_places() {
    let (scratch, mut editor, text) = shop();
    let uri = scratch.uri("shop.weir");
    let broken =
        text.replace("let payments", "let backend = shop/api;\nshop/wbe may reach nowhere;\nlet payments");
    editor.change(&uri, 2, json!([{ "text": broken }]));
    let said = crate::scratch::wait_for(&mut editor, &uri, "E0201");
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("diagnostics", scratch.shown(&json!(said)));
    });
    let page = editor.request("weir/virtualDocument", json!({ "uri": said[0]["codeDescription"]["href"] }));
    assert!(page["text"].as_str().unwrap().starts_with("# "), "{page}");
    assert!(editor.end());
}

#[test]
fn diagnostics_can_be_pulled() {
    let scratch = Scratch::example("online-shop", SETTINGS);
    let mut editor = start();
    let mut capabilities = weir_tests::editor::rich();
    capabilities["textDocument"]["diagnostic"] = json!({ "dynamicRegistration": false });
    editor.initialize(&[&scratch.root], Some(capabilities));
    let uri = scratch.uri("shop.weir");
    editor.open(&uri, "shop/wbe locked;\n");
    editor.wait("weir/status", |status| status["state"] == "ready");
    let report = editor.request("textDocument/diagnostic", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(report["items"][0]["code"], "E0201", "{report}");
    let again = json!({ "textDocument": { "uri": uri }, "previousResultId": report["resultId"] });
    assert_eq!(editor.request("textDocument/diagnostic", again)["kind"], "unchanged");
    let all = editor.request("workspace/diagnostic", json!({ "previousResultIds": [] }));
    assert_eq!(all["items"][0]["uri"], uri, "{all}");
    assert!(editor.inbox.iter().all(|(_, message)| message["method"] != "textDocument/publishDiagnostics"));
    assert!(editor.end());
}
