/** Documents of the scheme `weir`: the server has their text, the editor shows them beside what is written. */

import * as vscode from "vscode";

import type { Shown } from "./connection.js";
import { SCHEME } from "./plain/protocol.js";
import { columnFor, languageOf } from "./plain/virtual.js";
import type { Server } from "./server.js";

export class VirtualDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  private readonly listeners: vscode.Disposable[];

  readonly onDidChange = this.changes.event;

  constructor(private readonly server: Server) {
    this.listeners = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      server.onVirtualDocumentChanged(({ uri }) => {
        this.changes.fire(vscode.Uri.parse(uri));
      }),
      // A server that was started again knows nothing of the documents of the one before.
      server.onState((state) => {
        if (state.kind === "running") {
          this.refresh();
        }
      }),
    ];
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    return (await this.server.request("weir/virtualDocument", { uri: uri.toString() })).text;
  }

  dispose(): void {
    vscode.Disposable.from(this.changes, ...this.listeners).dispose();
  }

  private refresh(): void {
    for (const { uri } of vscode.workspace.textDocuments) {
      if (uri.scheme === SCHEME) {
        this.changes.fire(uri);
      }
    }
  }
}

/** Shows a virtual document; whether it was one. */
export async function showVirtual(shown: Shown): Promise<boolean> {
  const uri = vscode.Uri.parse(shown.uri);
  if (shown.external === true || uri.scheme !== SCHEME) {
    return false;
  }
  const visible = vscode.window.visibleTextEditors.map((editor) => ({
    uri: editor.document.uri.toString(),
    column: editor.viewColumn,
  }));
  let document = await vscode.workspace.openTextDocument(uri);
  const language = languageOf(uri.path);
  if (language !== undefined && document.languageId !== language) {
    document = await vscode.languages.setTextDocumentLanguage(document, language);
  }
  await vscode.window.showTextDocument(document, {
    viewColumn: columnFor(uri.toString(), visible) ?? vscode.ViewColumn.Beside,
    preserveFocus: shown.takeFocus !== true,
    preview: true,
  });
  return true;
}
