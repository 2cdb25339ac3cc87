/** The server's life: found, started, restarted, ended; and what it is asked. */

import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";

import * as vscode from "vscode";

import type { Connect, Connection, Shown } from "./connection.js";
import { locate, type Surroundings } from "./plain/locate.js";
import { crashed, type Notice, notFound, notRunning, notStarted } from "./plain/notice.js";
import type { Notifications, Requests, ServerCommands } from "./plain/protocol.js";
import { launchSettings, serverSettings } from "./plain/settings.js";
import type { ServerState } from "./plain/status.js";

export interface Parts {
  readonly connect: Connect;
  readonly output: vscode.LogOutputChannel;
  readonly showDocument: (shown: Shown) => Promise<boolean>;
}

/** Told to the user already: whoever asked has nothing to add. */
export class Told extends Error {}

export class Server implements vscode.Disposable {
  private readonly states = new vscode.EventEmitter<ServerState>();
  private readonly notices = new vscode.EventEmitter<Notice>();
  private readonly statuses = new vscode.EventEmitter<Notifications["weir/status"]>();
  private readonly changes = new vscode.EventEmitter<Notifications["weir/virtualDocumentChanged"]>();
  private readonly watched = [
    vscode.workspace.createFileSystemWatcher("**/*.weir"),
    vscode.workspace.createFileSystemWatcher("**/weir.toml"),
  ];
  private connection: Connection | undefined;
  private current: ServerState = { kind: "stopped" };
  /** Starts and ends, one after the other. */
  private queue: Promise<void> = Promise.resolve();

  readonly onState = this.states.event;
  /** Something the user should be told, with what to do. */
  readonly onNotice = this.notices.event;
  readonly onStatus = this.statuses.event;
  readonly onVirtualDocumentChanged = this.changes.event;

  constructor(private readonly parts: Parts) {}

  get state(): ServerState {
    return this.current;
  }

  restart(): Promise<void> {
    this.abandonStart();
    return this.enqueue(async () => {
      await this.end();
      await this.start();
    });
  }

  stop(): Promise<void> {
    this.abandonStart();
    return this.enqueue(() => this.end());
  }

  async request<M extends keyof Requests>(method: M, params: Requests[M][0]): Promise<Requests[M][1]> {
    return (await this.running()).request(method, params);
  }

  async execute<C extends keyof ServerCommands>(command: C, argument: ServerCommands[C]): Promise<void> {
    await (await this.running()).execute(command, argument);
  }

  /** Tells a running server of changed settings; one that starts reads them then. */
  async configure(): Promise<void> {
    if (this.current.kind === "running") {
      await this.connection?.configure(serverSettings(configuration()));
    }
  }

  dispose(): void {
    for (const part of [this.states, this.notices, this.statuses, this.changes, ...this.watched]) {
      part.dispose();
    }
  }

  /** Waits for a start that is under way. */
  private async running(): Promise<Connection> {
    await this.queue;
    if (this.connection === undefined || this.current.kind !== "running") {
      const notice = this.current.kind === "failed" ? this.current.notice : notRunning();
      this.notices.fire(notice);
      throw new Told(notice.message);
    }
    return this.connection;
  }

  /** What never answers would keep the queue for good. */
  private abandonStart(): void {
    if (this.current.kind === "starting") {
      void this.connection?.end();
      this.connection = undefined;
    }
  }

  private enqueue(step: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(step).catch((error: unknown) => {
      this.parts.output.error(String(error));
    });
    return this.queue;
  }

  private async start(): Promise<void> {
    const launch = launchSettings(configuration());
    const located = locate(launch.path, surroundings());
    if (located.kind !== "found") {
      this.fail(notFound(located));
      return;
    }
    this.parts.output.info(`starting ${[located.file, ...launch.arguments].join(" ")}`);
    this.enter({ kind: "starting" });
    const connection = this.parts.connect(
      { file: located.file, arguments: launch.arguments },
      {
        output: this.parts.output,
        watched: this.watched,
        settings: () => serverSettings(configuration()),
        showDocument: this.parts.showDocument,
        isRunning: (isRunning) => {
          this.enter({ kind: isRunning ? "running" : "starting" });
        },
        gaveUp: () => {
          this.connection = undefined;
          this.fail(crashed());
        },
      },
    );
    connection.on("weir/status", (status) => {
      this.statuses.fire(status);
    });
    connection.on("weir/virtualDocumentChanged", (changed) => {
      this.changes.fire(changed);
    });
    this.connection = connection;
    try {
      await connection.start();
      this.enter({ kind: "running" });
    } catch (error) {
      await connection.end();
      if (this.connection === connection) {
        this.connection = undefined;
        this.fail(notStarted(located.file, error));
      }
    }
  }

  private async end(): Promise<void> {
    const connection = this.connection;
    this.connection = undefined;
    await connection?.end();
    this.enter({ kind: "stopped" });
  }

  private fail(notice: Notice): void {
    this.parts.output.error(notice.message);
    this.enter({ kind: "failed", notice });
    this.notices.fire(notice);
  }

  private enter(state: ServerState): void {
    this.current = state;
    this.states.fire(state);
  }
}

function configuration(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration("weir");
}

function surroundings(): Surroundings {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file");
  return {
    environment: process.env,
    home: homedir(),
    workspaceFolder: folder?.uri.fsPath,
    isWindows: process.platform === "win32",
    isExecutable,
  };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
