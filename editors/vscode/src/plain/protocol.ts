/** What `weir-lsp` speaks beyond the Language Server Protocol. Nothing here knows the editor. */

/** The scheme of documents whose text the server makes: compiled objects, answers, modules of the library. */
export const SCHEME = "weir";

/** How the language is called, by the editor and by the server. */
export const LANGUAGE = "weir";

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Status {
  readonly state: "loading" | "ready" | "degraded";
  readonly message: string;
  readonly cluster: string | null;
  readonly target: string;
  readonly workloads: number;
}

export interface Clusters {
  readonly clusters: readonly { readonly name: string; readonly target: string }[];
  readonly chosen: { readonly cluster: string | null; readonly target: string };
  readonly targets: readonly string[];
}

/** `null` goes back to what the project says; what is left out stays as it is. */
export interface Choice {
  readonly cluster?: string | null;
  readonly target?: string | null;
}

export type Direction = "incoming" | "outgoing";

/** Parameters and result of each request from the editor. */
export interface Requests {
  "weir/virtualDocument": [{ readonly uri: string }, { readonly text: string }];
  "weir/clusters": [{ readonly uri?: string }, Clusters];
  "weir/choose": [Choice, null];
}

/** Parameters of each notification from the server. */
export interface Notifications {
  "weir/status": Status;
  "weir/virtualDocumentChanged": { readonly uri: string };
}

/** The argument of each command that the server executes. */
export interface ServerCommands {
  "weir.server.showYaml": { readonly uri: string; readonly position?: Position };
  "weir.server.showReach": { readonly uri: string; readonly position: Position; readonly direction: Direction };
}
