/** What is packed: the bundle, minified, as the editor loads it. */

import assert from "node:assert/strict";
import Module, { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";

import type * as extension from "../../src/extension.js";
import * as vscode from "../vscode.js";

type Load = (request: string, ...rest: unknown[]) => unknown;

test("the bundle is activated, and ends its server", async () => {
  const loader = Module as unknown as { _load: Load };
  const load = loader._load;
  loader._load = (request, ...rest) => (request === "vscode" ? vscode : load(request, ...rest));
  const bundle = createRequire(path.resolve("package.json"))("./dist/extension.js") as typeof extension;
  loader._load = load;

  const { editor } = vscode;
  Object.assign(editor.configuration, {
    "server.path": process.execPath,
    "server.arguments": [path.resolve("dist/fixtures/server.js")],
  });
  const subscriptions: vscode.Disposable[] = [];
  bundle.activate({ subscriptions } as never);
  const text = await editor.provider?.provideTextDocumentContent(vscode.Uri.parse("weir:/yaml/shop.yaml"));
  assert.match(text ?? "", /"namespace":"default"/);
  await bundle.deactivate();
  assert.equal(editor.language?.text, "Weir: stopped");
  vscode.Disposable.from(...subscriptions).dispose();
});
