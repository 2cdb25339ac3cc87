import assert from "node:assert/strict";
import { test } from "node:test";

import { clusterItems, targetItems } from "../../src/plain/choices.js";
import { crashed, notFound, notRunning, notStarted, title } from "../../src/plain/notice.js";
import type { Clusters, Status } from "../../src/plain/protocol.js";
import { serverSettings } from "../../src/plain/settings.js";
import { view } from "../../src/plain/status.js";
import { columnFor, languageOf } from "../../src/plain/virtual.js";

const READY: Status = { state: "ready", message: "", cluster: "prod-eu", target: "cilium", workloads: 9 };
const CLUSTERS: Clusters = {
  clusters: [
    { name: "prod-eu", target: "cilium" },
    { name: "staging", target: "networkpolicy" },
  ],
  chosen: { cluster: "staging", target: "networkpolicy" },
  targets: ["networkpolicy", "cilium", "tomorrow"],
};

test("the status bar has the cluster and the target", () => {
  const ready = view({ kind: "running" }, READY);
  assert.equal(ready.bar?.text, "$(shield) prod-eu · cilium");
  assert.match(ready.bar.tooltip, /^Weir: 9 workloads\n/);
  assert.deepEqual([ready.language.text, ready.language.busy], ["Weir: prod-eu · cilium", false]);
  assert.equal(view({ kind: "running" }, { ...READY, cluster: null }).bar?.text, "$(shield) cilium");
  assert.match(view({ kind: "running" }, { ...READY, workloads: 1 }).bar?.tooltip ?? "", /1 workload\n/);
});

test("what is not well is told", () => {
  const degraded = view({ kind: "running" }, { ...READY, state: "degraded", message: "weir.toml has errors" });
  assert.equal(degraded.bar?.isWarning, true);
  assert.deepEqual(
    [degraded.language.severity, degraded.language.detail],
    ["warning", "9 workloads. weir.toml has errors"],
  );
  const loading = view({ kind: "running" }, { ...READY, state: "loading", message: "cluster.json" });
  assert.deepEqual([loading.language.busy, loading.language.detail], [true, "cluster.json"]);
});

test("without a server there is no cluster", () => {
  const failed = view({ kind: "failed", notice: crashed() }, READY);
  assert.equal(failed.bar, undefined);
  assert.deepEqual([failed.language.severity, failed.language.command], ["error", "weir.restartServer"]);
  assert.equal(view({ kind: "stopped" }, undefined).language.command, "weir.restartServer");
  assert.equal(view({ kind: "starting" }, undefined).language.busy, true);
  assert.equal(view({ kind: "running" }, undefined).bar, undefined);
});

test("every notice says what to do", () => {
  const missing = notFound({ kind: "missing" });
  assert.match(missing.message, /cargo install/);
  assert.match(missing.message, /weir\.server\.path/);
  assert.deepEqual(missing.actions.map(title), ["Copy Install Command", "Open Setting", "Restart Server"]);
  assert.match(notFound({ kind: "wrong-setting", setting: "/x" }).message, /names `\/x`, which is no program/);
  assert.match(notStarted("/x", new Error("spawn EACCES.")).message, /server: spawn EACCES\. The output/);
  for (const notice of [missing, crashed(), notRunning()]) {
    assert.ok(notice.actions.includes("restart"));
  }
});

test("the clusters of a project can be chosen", () => {
  const items = clusterItems(CLUSTERS);
  assert.deepEqual(
    items.map(({ label, description }) => [label, description]),
    [
      ["prod-eu", "cilium"],
      ["$(check) staging", "networkpolicy"],
      ["As configured", "the setting, else the first"],
    ],
  );
  assert.deepEqual(
    items.map(({ choice }) => choice),
    [{ cluster: "prod-eu" }, { cluster: "staging" }, { cluster: null }],
  );
  assert.deepEqual(clusterItems({ ...CLUSTERS, clusters: CLUSTERS.clusters.slice(1) }), []);
  assert.deepEqual(clusterItems({ ...CLUSTERS, clusters: [] }), []);
});

test("targets that are new are offered too", () => {
  const items = targetItems(CLUSTERS);
  assert.deepEqual(
    items.map(({ label }) => label),
    ["$(check) networkpolicy", "cilium", "tomorrow", "As configured"],
  );
  assert.deepEqual(items.at(-1)?.choice, { target: null });
});

test("a setting that is not of its type counts as not set", () => {
  const settings = serverSettings({
    get: (key) => ({ inventory: ["manifests", 7], namespace: 3, target: " cilium ", cluster: "" })[key],
  });
  assert.deepEqual(settings, {
    inventory: ["manifests"],
    namespace: "default",
    target: "cilium",
    cluster: null,
    inlayHints: { pods: true, ports: true },
    codeLens: true,
  });
});

test("the ending of a virtual document is its language", () => {
  assert.equal(languageOf("/yaml/shop.yaml"), "yaml");
  assert.equal(languageOf("/reach/shop/web.md"), "markdown");
  assert.equal(languageOf("/std/ingress.weir"), "weir");
  assert.equal(languageOf("/yaml"), undefined);
});

test("virtual documents share a column", () => {
  const source = { uri: "file:///shop.weir", column: 1 };
  assert.equal(columnFor("weir:/yaml/a.yaml", [source]), undefined);
  assert.equal(columnFor("weir:/yaml/a.yaml", [source, { uri: "weir:/yaml/b.yaml", column: 2 }]), 2);
  const both = [
    { uri: "weir:/yaml/b.yaml", column: 2 },
    { uri: "weir:/yaml/a.yaml", column: 3 },
  ];
  assert.equal(columnFor("weir:/yaml/a.yaml", both), 3);
});
