/** The settings of the section `weir`: what the server is told, and how it is started. */

/** A configuration, as far as it is read here. */
export interface Reader {
  get(key: string): unknown;
}

/** What the server is told when it starts. */
export interface ServerSettings {
  readonly inventory: readonly string[];
  readonly namespace: string;
  readonly target: string | null;
  readonly cluster: string | null;
  readonly inlayHints: { readonly pods: boolean; readonly ports: boolean };
  readonly codeLens: boolean;
}

export interface LaunchSettings {
  /** Empty where the server is to be searched for. */
  readonly path: string;
  readonly arguments: readonly string[];
}

/** A change of these takes a new process. */
export const LAUNCH_SECTION = "weir.server";

export function serverSettings(settings: Reader): ServerSettings {
  return {
    inventory: texts(settings.get("inventory")),
    namespace: text(settings.get("namespace")) ?? "default",
    target: text(settings.get("target")),
    cluster: text(settings.get("cluster")),
    inlayHints: {
      pods: settings.get("inlayHints.pods") !== false,
      ports: settings.get("inlayHints.ports") !== false,
    },
    codeLens: settings.get("codeLens") !== false,
  };
}

export function launchSettings(settings: Reader): LaunchSettings {
  return { path: text(settings.get("server.path")) ?? "", arguments: texts(settings.get("server.arguments")) };
}

/** Settings are whatever stands in the user's file: what is not of the type counts as not set. */
function text(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
