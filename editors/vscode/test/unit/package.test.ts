/** What package.json promises, against the sources. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import type { ExtensionContext } from "vscode";

import type { Connect } from "../../src/connection.js";
import { INSTALL_COMMAND } from "../../src/plain/notice.js";
import { launchSettings, serverSettings } from "../../src/plain/settings.js";
import { run } from "../../src/weir.js";
import manifest from "../../package.json" with { type: "json" };
import { editor, resetEditor } from "../vscode.js";

const { contributes } = manifest;
const commands = contributes.commands.map(({ command }) => command).sort();

interface Setting {
  readonly default: unknown;
  readonly description?: string;
  readonly markdownDescription?: string;
  readonly enum?: readonly unknown[];
  readonly enumDescriptions?: readonly string[];
}
const settings = contributes.configuration.flatMap(({ properties }) => Object.entries<Setting>(properties));
const read = (file: string) => readFileSync(file, "utf8");
const readme = read("README.md");

const unused: Connect = () => {
  throw new Error("nothing is to be started");
};

test("every command is registered, and no other", async () => {
  resetEditor();
  editor.configuration["server.path"] = "/nowhere/weir-lsp";
  const subscriptions: { dispose(): unknown }[] = [];
  const server = run({ subscriptions } as unknown as ExtensionContext, unused);
  assert.deepEqual([...editor.commands.keys()].sort(), commands);
  await server.stop();
  subscriptions.forEach((subscription) => subscription.dispose());
  assert.deepEqual([...editor.commands.keys()], []);
});

test("every setting is read, and no other", () => {
  const keys = new Set<string>();
  const reader = { get: (key: string) => void keys.add(`weir.${key}`) };
  serverSettings(reader);
  launchSettings(reader);
  // The language client reads it itself, by the id of the client.
  const client = read("node_modules/vscode-languageclient/lib/common/client.js");
  assert.match(client, /getConfiguration\(this\._id\)/);
  assert.match(client, /get\('trace\.server'/);
  keys.add("weir.trace.server");
  assert.deepEqual([...keys].sort(), settings.map(([key]) => key).sort());
});

test("a setting that is not set is what its default says", () => {
  const defaults = new Map(settings.map(([key, { default: value }]): [string, unknown] => [key, value]));
  const declared = { get: (key: string) => defaults.get(`weir.${key}`) };
  const unset = { get: () => undefined };
  assert.deepEqual(serverSettings(declared), serverSettings(unset));
  assert.deepEqual(launchSettings(declared), launchSettings(unset));
});

test("settings and commands are described, here and in the README", () => {
  for (const [key, setting] of settings) {
    assert.match(setting.markdownDescription ?? setting.description ?? "", /^[A-Z].{20,}\.$/, key);
    assert.ok(readme.includes(`\`${key}\` | \`${JSON.stringify(setting.default)}\``), `${key} in the README`);
    assert.equal(setting.enum?.length, setting.enumDescriptions?.length, key);
  }
  for (const { category, title } of contributes.commands) {
    assert.equal(category, "Weir");
    assert.ok(readme.includes(`| Weir: ${title} |`), `${title} in the README`);
  }
});

test("menus, keys and the walkthrough name commands that exist", () => {
  const named = [...Object.values(contributes.menus).flat(), ...contributes.keybindings].flatMap((entry) =>
    "command" in entry ? [entry.command] : [],
  );
  const steps = contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
  const linked = steps.flatMap(({ description, completionEvents }) =>
    [description, ...completionEvents].flatMap((text) => text.match(/(?<=command:|onCommand:)weir\.\w+/gi) ?? []),
  );
  for (const command of [...named, ...linked]) {
    assert.ok(commands.includes(command), command);
  }
});

test("how to install is said alike everywhere", () => {
  for (const file of ["README.md", "walkthrough/server.md"]) {
    assert.ok(read(file).includes(`\n${INSTALL_COMMAND}\n`), file);
  }
});

test("files that are named exist, and are in the package", () => {
  const text = JSON.stringify(contributes);
  const named = text.match(/(?:\.\/|walkthrough\/)[\w./-]+/g) ?? [];
  const packed = read(".vscodeignore");
  assert.ok(named.length > 8);
  for (const file of [...named, manifest.icon]) {
    assert.ok(existsSync(file), file);
  }
  for (const folder of ["icons", "snippets", "syntaxes", "walkthrough"]) {
    assert.ok(packed.includes(`!${folder}/**`), folder);
    for (const file of readdirSync(folder)) {
      assert.ok(text.includes(`${folder}/${file}`), `${file} is used`);
    }
  }
});

test("the licence is that of Weir, and the lockfile names no registry", () => {
  assert.equal(read("LICENSE"), read("../../LICENSE"));
  assert.doesNotMatch(read("package-lock.json"), /"resolved"/);
});
