/** The extension from its activation on, with the thin editor and a server of its own. */

import assert from "node:assert/strict";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import type { ExtensionContext } from "vscode";

import { connect } from "../../src/client.js";
import type { Server } from "../../src/server.js";
import { run } from "../../src/weir.js";
import { type Document, editor, LanguageStatusSeverity, resetEditor, Uri, ViewColumn } from "../vscode.js";

const SERVER = path.resolve("dist/fixtures/server.js");
const FILE: Document = { uri: Uri.file("/src/shop.weir"), languageId: "weir" };
const YAML = Uri.parse("weir:/yaml/shop.yaml");

let server: Server | undefined;
let subscriptions: { dispose(): unknown }[] = [];

function activate(configuration: Record<string, unknown>): Server {
  Object.assign(editor.configuration, configuration);
  server = run({ subscriptions } as unknown as ExtensionContext, connect);
  return server;
}

function activateWith(...options: string[]): Server {
  return activate({ "server.path": process.execPath, "server.arguments": [SERVER, ...options] });
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!holds()) {
    assert.ok(Date.now() < deadline, `in time: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function text(uri = YAML): Promise<Record<string, unknown>> {
  return JSON.parse((await editor.provider?.provideTextDocumentContent(uri)) ?? "") as Record<string, unknown>;
}

beforeEach(() => {
  resetEditor();
  subscriptions = [];
});

afterEach(async () => {
  await server?.stop();
  subscriptions.forEach((subscription) => subscription.dispose());
});

test("the server is told the settings, and of their changes", async () => {
  activate({
    "server.path": process.execPath,
    "server.arguments": [SERVER],
    inventory: ["manifests"],
    target: "cilium",
    "inlayHints.pods": false,
  });
  const told = {
    inventory: ["manifests"],
    namespace: "default",
    target: "cilium",
    cluster: null,
    inlayHints: { pods: false, ports: true },
    codeLens: true,
  };
  assert.deepEqual((await text()).told, told);
  editor.configure({ codeLens: false });
  assert.deepEqual((await text()).configured, { weir: { ...told, codeLens: false } });
  assert.deepEqual(editor.errors, []);
});

test("the status is shown while a Weir file is in the editor", async () => {
  activateWith();
  await until(() => editor.language?.text === "Weir: prod-eu · cilium");
  assert.equal(editor.bar?.isVisible, false);
  editor.open(FILE);
  assert.deepEqual([editor.bar.isVisible, editor.bar.text], [true, "$(shield) prod-eu · cilium"]);
  editor.open({ uri: Uri.file("/src/README.md"), languageId: "markdown" });
  assert.equal(editor.bar.isVisible, false);
  assert.deepEqual(editor.executed.at(-1), ["setContext", "weir.isRunning", true]);
});

test("compiled YAML is shown beside the file, as YAML", async () => {
  activateWith();
  editor.open(FILE, 7);
  await editor.run("weir.showYaml");
  await editor.run("weir.showYamlOfSentence");
  const options = { viewColumn: ViewColumn.Beside, preserveFocus: true, preview: true };
  const shown = { uri: "weir:/yaml/shop.yaml", language: "yaml", options };
  assert.deepEqual(editor.shown, [shown, shown]);
  assert.equal((await text()).uri, "weir:/yaml/shop.yaml");
});

test("a choice is sent, and what depends on it asked for again", async () => {
  activateWith();
  editor.open(FILE);
  const changed: string[] = [];
  editor.provider?.onDidChange((uri) => changed.push(uri.toString()));
  editor.quickPick.choose = "staging";
  await editor.run("weir.chooseCluster");
  assert.deepEqual((await text()).chosen, { cluster: "staging" });
  assert.deepEqual(changed, ["weir:/yaml/shop.yaml"]);
  assert.equal(editor.bar?.text, "$(shield) staging · networkpolicy");
  editor.quickPick.choose = "As configured";
  await editor.run("weir.chooseTarget");
  assert.deepEqual((await text()).chosen, { target: null });
  editor.quickPick.choose = undefined;
  await editor.run("weir.chooseCluster");
  assert.deepEqual((await text()).chosen, { target: null });
});

test("who may reach this is asked of the call hierarchy view, else of the server", async () => {
  activateWith();
  editor.open(FILE);
  await editor.run("weir.showIncoming");
  assert.deepEqual(
    editor.shown.map(({ uri, language }) => [uri, language]),
    [["weir:/reach/shop.md", "markdown"]],
  );
  editor.builtIn.add("references-view.showCallHierarchy");
  await editor.run("weir.showOutgoing");
  assert.deepEqual(editor.executed.slice(-2), [
    ["references-view.showOutgoingCalls"],
    ["references-view.showCallHierarchy"],
  ]);
});

test("commands that are about a file say so without one", async () => {
  activateWith();
  for (const command of ["weir.showYaml", "weir.showYamlOfSentence", "weir.showIncoming", "weir.showOutgoing"]) {
    await editor.run(command);
  }
  assert.equal(editor.information.length, 4);
  await editor.run("weir.showYaml", FILE.uri);
  assert.equal(editor.shown.length, 1);
});

test("a missing server is told once, with what to do", async () => {
  editor.button = "Copy Install Command";
  const missing = activate({ "server.path": "/nowhere/weir-lsp" });
  await until(() => editor.clipboard.startsWith("cargo install"));
  assert.equal(missing.state.kind, "failed");
  assert.match(editor.errors.join(), /names `\/nowhere\/weir-lsp`/);
  assert.equal(editor.errors.length, 1);
  assert.equal(editor.language?.severity, LanguageStatusSeverity.Error);
});

test("asking a server that does not run tells why, and fails", async () => {
  activate({ "server.path": "/nowhere/weir-lsp" });
  editor.open(FILE);
  await until(() => editor.errors.length === 1);
  await editor.run("weir.showYaml");
  assert.equal(editor.errors.length, 2);
  await assert.rejects(async () => text());
});

test("a changed path starts the server anew", async () => {
  const started = activate({ "server.path": "/nowhere/weir-lsp", "server.arguments": [SERVER] });
  await until(() => started.state.kind === "failed");
  editor.documents = [{ uri: YAML, languageId: "yaml" }, FILE];
  const changed: string[] = [];
  editor.provider?.onDidChange((uri) => changed.push(uri.toString()));
  editor.configure({ "server.path": process.execPath });
  await until(() => started.state.kind === "running");
  assert.equal((await text()).uri, "weir:/yaml/shop.yaml");
  assert.ok(changed.includes("weir:/yaml/shop.yaml") && !changed.includes(FILE.uri.toString()));
});

test("a program that is no language server is told once", async () => {
  const refused = activateWith("--refuse");
  await until(() => refused.state.kind === "failed");
  assert.equal(editor.errors.length, 1);
  assert.match(editor.errors.join(), /did not start as a language server/);
});

test("a server that never answers can be restarted", async () => {
  const silent = activateWith("--silent");
  await until(() => silent.state.kind === "starting");
  editor.configure({ "server.arguments": [SERVER] });
  await until(() => silent.state.kind === "running");
  assert.deepEqual(editor.errors, []);
});

test("a server that crashes comes back, but not for ever", async () => {
  const crashing = activateWith("--crash");
  editor.open(FILE);
  for (let crash = 0; crash < 5; crash += 1) {
    await until(() => crashing.state.kind === "running");
    await editor.run("weir.showYaml");
    await until(() => crashing.state.kind !== "running" || crash < 4);
  }
  await until(() => crashing.state.kind === "failed");
  assert.equal(editor.errors.filter((message) => message.includes("ended too often")).length, 1);
  assert.equal(editor.errors.filter((message) => message.includes("ended before it answered")).length, 5);
});

test("the output can be shown", async () => {
  activateWith();
  await editor.run("weir.showOutput");
  assert.equal(editor.outputShown, 1);
});
