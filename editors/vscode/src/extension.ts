/** Where the editor comes in. */

import type * as vscode from "vscode";

import { connect } from "./client.js";
import type { Server } from "./server.js";
import { run } from "./weir.js";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  server = run(context, connect);
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
