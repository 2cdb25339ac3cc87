/** The extension, given a way to connect to a server. */

import * as vscode from "vscode";

import { registerCommands } from "./commands.js";
import type { Connect } from "./connection.js";
import { tell } from "./notices.js";
import { LANGUAGE } from "./plain/protocol.js";
import { LAUNCH_SECTION } from "./plain/settings.js";
import { Server } from "./server.js";
import { StatusItems } from "./statusItems.js";
import { showVirtual, VirtualDocuments } from "./virtualDocuments.js";

/** Wires the parts and starts the server, without waiting for it. */
export function run(context: vscode.ExtensionContext, connect: Connect): Server {
  const output = vscode.window.createOutputChannel("Weir", { log: true });
  const server = new Server({ connect, output, showDocument: showVirtual });
  context.subscriptions.push(
    output,
    server,
    server.onNotice((notice) => void tell(notice)),
    server.onState(({ kind }) => void vscode.commands.executeCommand("setContext", "weir.isRunning", kind === "running")),
    new StatusItems(server),
    new VirtualDocuments(server),
    registerCommands(server, output),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(LAUNCH_SECTION)) {
        void server.restart();
      } else if (change.affectsConfiguration(LANGUAGE)) {
        void server.configure();
      }
    }),
  );
  void server.restart();
  return server;
}
