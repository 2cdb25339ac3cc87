/** A server of a few lines that speaks the protocol: what the tests start in the place of `weir-lsp`. */

import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-languageclient/node";

import type { Status } from "../src/plain/protocol.js";

const connection = createMessageConnection(
  new StreamMessageReader(process.stdin),
  new StreamMessageWriter(process.stdout),
);
let told: unknown;
let chosen: unknown;
let configured: unknown;

const status: Status = { state: "ready", message: "", cluster: "prod-eu", target: "cilium", workloads: 9 };

connection.onRequest("initialize", (params: { initializationOptions: unknown }) => {
  told = params.initializationOptions;
  return { capabilities: {}, serverInfo: { name: "fake" } };
});
connection.onNotification("initialized", () => connection.sendNotification("weir/status", status));
connection.onNotification("workspace/didChangeConfiguration", (params: { settings: unknown }) => {
  configured = params.settings;
});
connection.onRequest("weir/clusters", () => ({
  clusters: [
    { name: "prod-eu", target: "cilium" },
    { name: "staging", target: "networkpolicy" },
  ],
  chosen: { cluster: "prod-eu", target: "cilium" },
  targets: ["networkpolicy", "cilium"],
}));
connection.onRequest("weir/choose", async (params: unknown) => {
  chosen = params;
  await connection.sendNotification("weir/status", { ...status, cluster: "staging", target: "networkpolicy" });
  await connection.sendNotification("weir/virtualDocumentChanged", { uri: "weir:/yaml/shop.yaml" });
  return null;
});
connection.onRequest("weir/virtualDocument", ({ uri }: { uri: string }) => ({
  text: JSON.stringify({ uri, told, chosen, configured }),
}));
connection.onRequest("workspace/executeCommand", async ({ command }: { command: string }) => {
  if (process.argv.includes("--crash")) {
    process.exit(3);
  }
  const path = command.endsWith("showYaml") ? "yaml/shop.yaml" : "reach/shop.md";
  return connection.sendRequest("window/showDocument", { uri: `weir:/${path}`, takeFocus: false });
});
connection.onRequest("shutdown", () => null);
connection.onNotification("exit", () => process.exit(0));

if (process.argv.includes("--refuse")) {
  process.stderr.write("no such option\n");
  process.exit(2);
}
if (!process.argv.includes("--silent")) {
  connection.listen();
}
