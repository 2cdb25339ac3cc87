/** What the extension wants of a connection to the server, so that tests can stand in for it. */

import type { FileSystemWatcher, LogOutputChannel } from "vscode";

import type { Notifications, Requests, ServerCommands } from "./plain/protocol.js";
import type { ServerSettings } from "./plain/settings.js";

export interface Launch {
  readonly file: string;
  readonly arguments: readonly string[];
}

export interface Shown {
  readonly uri: string;
  readonly external?: boolean;
  readonly takeFocus?: boolean;
}

export interface Hooks {
  readonly output: LogOutputChannel;
  readonly watched: readonly FileSystemWatcher[];
  readonly settings: () => ServerSettings;
  /** Whether the document has been shown. */
  readonly showDocument: (shown: Shown) => Promise<boolean>;
  /** Also of a server that crashed and is started again. */
  readonly isRunning: (isRunning: boolean) => void;
  /** The server crashed too often. */
  readonly gaveUp: () => void;
}

export interface Connection {
  start(): Promise<void>;
  end(): Promise<void>;
  request<M extends keyof Requests>(method: M, params: Requests[M][0]): Promise<Requests[M][1]>;
  execute<C extends keyof ServerCommands>(command: C, argument: ServerCommands[C]): Promise<unknown>;
  configure(settings: ServerSettings): Promise<void>;
  on<M extends keyof Notifications>(method: M, handler: (params: Notifications[M]) => void): void;
}

export type Connect = (launch: Launch, hooks: Hooks) => Connection;
