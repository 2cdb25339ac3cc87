/** Notices as messages of the editor, and what their buttons do. */

import * as vscode from "vscode";

import { type Action, INSTALL_COMMAND, type Notice, title } from "./plain/notice.js";

export async function tell(notice: Notice): Promise<void> {
  const chosen = await vscode.window.showErrorMessage(notice.message, ...notice.actions.map(title));
  const action = notice.actions.find((candidate) => title(candidate) === chosen);
  if (action !== undefined) {
    await act(action);
  }
}

async function act(action: Action): Promise<void> {
  switch (action) {
    case "copy-install-command":
      await vscode.env.clipboard.writeText(INSTALL_COMMAND);
      return;
    case "open-setting":
      await vscode.commands.executeCommand("workbench.action.openSettings", "weir.server.path");
      return;
    case "show-output":
      await vscode.commands.executeCommand("weir.showOutput");
      return;
    case "restart":
      await vscode.commands.executeCommand("weir.restartServer");
      return;
  }
}
