/** The status of the server, where the editor shows it. */

import * as vscode from "vscode";

import { LANGUAGE, SCHEME } from "./plain/protocol.js";
import type { Status } from "./plain/protocol.js";
import { view, type View } from "./plain/status.js";
import type { Server } from "./server.js";

const SEVERITIES: Record<View["language"]["severity"], vscode.LanguageStatusSeverity> = {
  information: vscode.LanguageStatusSeverity.Information,
  warning: vscode.LanguageStatusSeverity.Warning,
  error: vscode.LanguageStatusSeverity.Error,
};

const TITLES: Record<View["language"]["command"], string> = {
  "weir.showOutput": "Show Output",
  "weir.restartServer": "Restart Server",
  "weir.chooseTarget": "Choose Target",
};

export class StatusItems implements vscode.Disposable {
  private readonly language = vscode.languages.createLanguageStatusItem("weir.server", { language: LANGUAGE });
  private readonly bar = vscode.window.createStatusBarItem("weir.cluster", vscode.StatusBarAlignment.Right, 100);
  private readonly listeners: vscode.Disposable[];
  private status: Status | undefined;

  constructor(private readonly server: Server) {
    this.language.name = "Weir";
    this.bar.name = "Weir Cluster and Target";
    this.bar.command = "weir.chooseCluster";
    this.listeners = [
      server.onState((state) => {
        if (state.kind !== "running") {
          this.status = undefined;
        }
        this.show();
      }),
      server.onStatus((status) => {
        this.status = status;
        this.show();
      }),
      vscode.window.onDidChangeActiveTextEditor(() => {
        this.show();
      }),
    ];
    this.show();
  }

  dispose(): void {
    vscode.Disposable.from(this.language, this.bar, ...this.listeners).dispose();
  }

  private show(): void {
    const { language, bar } = view(this.server.state, this.status);
    this.language.text = language.text;
    this.language.detail = language.detail;
    this.language.severity = SEVERITIES[language.severity];
    this.language.busy = language.busy;
    this.language.command = { command: language.command, title: TITLES[language.command] };
    if (bar === undefined || !isOfWeir(vscode.window.activeTextEditor?.document)) {
      this.bar.hide();
      return;
    }
    this.bar.text = bar.text;
    this.bar.tooltip = bar.tooltip;
    this.bar.backgroundColor = bar.isWarning ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    this.bar.show();
  }
}

/** Virtual documents too: what they show depends on the choice. */
function isOfWeir(document: vscode.TextDocument | undefined): boolean {
  return document !== undefined && (document.languageId === LANGUAGE || document.uri.scheme === SCHEME);
}
