import assert from "node:assert/strict";
import { test } from "node:test";

import { locate, type Surroundings } from "../../src/plain/locate.js";

function around(files: string[], changes: Partial<Surroundings> = {}): Surroundings {
  return {
    environment: { PATH: "/usr/bin:bin::/opt/weir" },
    home: "/home/me",
    workspaceFolder: "/src/shop",
    isWindows: false,
    isExecutable: (file) => files.includes(file),
    ...changes,
  };
}

test("without a setting the PATH is searched in its order", () => {
  const found = locate("", around(["/opt/weir/weir-lsp", "/usr/bin/weir-lsp"]));
  assert.deepEqual(found, { kind: "found", file: "/usr/bin/weir-lsp" });
});

test("relative entries of the PATH are passed over", () => {
  assert.deepEqual(locate("", around(["bin/weir-lsp", "/src/shop/bin/weir-lsp", "weir-lsp"])), { kind: "missing" });
});

test("what cargo installed is found where the PATH is not the shell's", () => {
  const files = ["/home/me/.cargo/bin/weir-lsp", "/opt/cargo/bin/weir-lsp"];
  assert.deepEqual(locate("", around(files)), { kind: "found", file: files[0] });
  assert.deepEqual(locate("", around(files, { environment: { CARGO_HOME: "/opt/cargo" } })), {
    kind: "found",
    file: files[1],
  });
});

test("the setting wins, with its variables", () => {
  const files = ["/usr/bin/weir-lsp", "/home/me/weir/weir-lsp", "/src/shop/target/weir-lsp"];
  const file = (setting: string) => locate(setting, around(files));
  assert.deepEqual(file("~/weir/weir-lsp"), { kind: "found", file: files[1] });
  assert.deepEqual(file("${userHome}/weir/weir-lsp"), { kind: "found", file: files[1] });
  assert.deepEqual(file("${workspaceFolder}/target/weir-lsp"), { kind: "found", file: files[2] });
  assert.deepEqual(file("./target/weir-lsp"), { kind: "found", file: files[2] });
  assert.deepEqual(file("weir-lsp"), { kind: "found", file: files[0] });
});

test("a setting that names nothing is not made up for", () => {
  assert.deepEqual(locate("/nowhere/weir-lsp", around(["/usr/bin/weir-lsp"])), {
    kind: "wrong-setting",
    setting: "/nowhere/weir-lsp",
  });
});

test("on Windows the ending is supplied", () => {
  const windows = {
    isWindows: true,
    home: "C:\\Users\\me",
    workspaceFolder: undefined,
    environment: { Path: "C:\\Windows;C:\\weir" },
  };
  const files = ["C:\\weir\\weir-lsp.exe", "C:\\Users\\me\\bin\\weir-lsp.exe"];
  assert.deepEqual(locate("", around(files, windows)), { kind: "found", file: files[0] });
  assert.deepEqual(locate("~/bin/weir-lsp", around(files, windows)), { kind: "found", file: files[1] });
  assert.deepEqual(locate("weir-lsp.exe", around(files, windows)), { kind: "found", file: files[0] });
});
