/** The commands of the palette and of the menus. */

import * as vscode from "vscode";

import { clusterItems, type Item, targetItems } from "./plain/choices.js";
import { failure } from "./plain/notice.js";
import { type Direction, LANGUAGE } from "./plain/protocol.js";
import { type Server, Told } from "./server.js";

type Handler = (uri?: vscode.Uri) => Promise<void>;

export function registerCommands(server: Server, output: vscode.LogOutputChannel): vscode.Disposable {
  const handlers: Record<string, Handler> = {
    "weir.showYaml": (uri) => showYaml(server, uri),
    "weir.showYamlOfSentence": () => showYamlOfSentence(server),
    "weir.showIncoming": () => showReach(server, "incoming"),
    "weir.showOutgoing": () => showReach(server, "outgoing"),
    "weir.chooseCluster": () => chooseCluster(server),
    "weir.chooseTarget": () => chooseTarget(server),
    "weir.restartServer": () => server.restart(),
    "weir.showOutput": () => {
      output.show();
      return Promise.resolve();
    },
  };
  return vscode.Disposable.from(
    ...Object.entries(handlers).map(([id, handler]) => vscode.commands.registerCommand(id, guarded(handler))),
  );
}

/** A failure is told once: by the server where it does not run, else here. */
function guarded(handler: Handler): (argument?: unknown) => Promise<void> {
  return async (argument) => {
    try {
      await handler(argument instanceof vscode.Uri ? argument : undefined);
    } catch (error) {
      if (!(error instanceof Told)) {
        await vscode.window.showErrorMessage(failure(error));
      }
    }
  };
}

async function showYaml(server: Server, uri: vscode.Uri | undefined): Promise<void> {
  const file = uri ?? (await editor())?.document.uri;
  if (file !== undefined) {
    await server.execute("weir.server.showYaml", { uri: file.toString() });
  }
}

async function showYamlOfSentence(server: Server): Promise<void> {
  const at = place(await editor());
  if (at !== undefined) {
    await server.execute("weir.server.showYaml", at);
  }
}

/** In the call hierarchy view; where that part of the editor is switched off, as a document. */
async function showReach(server: Server, direction: Direction): Promise<void> {
  const at = place(await editor());
  if (at === undefined) {
    return;
  }
  const known = await vscode.commands.getCommands(true);
  if (!known.includes("references-view.showCallHierarchy")) {
    await server.execute("weir.server.showReach", { ...at, direction });
    return;
  }
  const turn = { incoming: "references-view.showIncomingCalls", outgoing: "references-view.showOutgoingCalls" };
  await vscode.commands.executeCommand(turn[direction]);
  await vscode.commands.executeCommand("references-view.showCallHierarchy");
}

async function chooseCluster(server: Server): Promise<void> {
  const items = clusterItems(await server.request("weir/clusters", about()));
  if (items.length === 0) {
    await vscode.window.showInformationMessage(
      "There is one cluster to look names up in. A project names several in its weir.toml, each with an inventory.",
    );
    return;
  }
  await choose(server, items, "The cluster in which names are looked up");
}

async function chooseTarget(server: Server): Promise<void> {
  await choose(server, targetItems(await server.request("weir/clusters", about())), "The format of the compiled YAML");
}

async function choose(server: Server, items: readonly Item[], placeHolder: string): Promise<void> {
  const chosen = await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true });
  if (chosen !== undefined) {
    await server.request("weir/choose", chosen.choice);
  }
}

/** The file whose project is asked for. */
function about(): { uri?: string } {
  const document = vscode.window.activeTextEditor?.document;
  return document?.languageId === LANGUAGE ? { uri: document.uri.toString() } : {};
}

async function editor(): Promise<vscode.TextEditor | undefined> {
  const active = vscode.window.activeTextEditor;
  if (active?.document.languageId === LANGUAGE) {
    return active;
  }
  await vscode.window.showInformationMessage("Open a .weir file first: the command is about the file in the editor.");
  return undefined;
}

function place(active: vscode.TextEditor | undefined) {
  if (active === undefined) {
    return undefined;
  }
  const { line, character } = active.selection.active;
  return { uri: active.document.uri.toString(), position: { line, character } };
}
