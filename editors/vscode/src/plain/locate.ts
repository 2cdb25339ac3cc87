/** Where the language server is. */

import * as path from "node:path";

/** The name of the server's binary, without what Windows adds. */
export const BINARY = "weir-lsp";

/** What the search depends on, so that it can be tested without a machine. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The first folder of the workspace, if there is one. */
  readonly workspaceFolder: string | undefined;
  readonly isWindows: boolean;
  isExecutable(file: string): boolean;
}

export type Located =
  | { readonly kind: "found"; readonly file: string }
  /** The setting names what is not there. */
  | { readonly kind: "wrong-setting"; readonly setting: string }
  | { readonly kind: "missing" };

/** The setting decides; without one, `PATH`, and then the folder into which cargo installs. */
export function locate(setting: string, around: Surroundings): Located {
  if (setting === "") {
    const file = search(BINARY, [...searchPath(around), cargoFolder(around)], around);
    return file === undefined ? { kind: "missing" } : { kind: "found", file };
  }
  const wanted = on(around).normalize(expand(setting, around));
  const file = search(wanted, foldersOf(wanted, around), around);
  return file === undefined ? { kind: "wrong-setting", setting } : { kind: "found", file };
}

function foldersOf(wanted: string, around: Surroundings): string[] {
  if (on(around).isAbsolute(wanted)) {
    return [""];
  }
  return wanted.includes(on(around).sep) ? [around.workspaceFolder ?? around.home] : searchPath(around);
}

function search(name: string, folders: readonly string[], around: Surroundings): string | undefined {
  return folders
    .flatMap((folder) => suffixes(name, around).map((suffix) => on(around).join(folder, name + suffix)))
    .find((file) => around.isExecutable(file));
}

/** A relative entry of `PATH` would start whatever lies in the opened folder. */
function searchPath(around: Surroundings): string[] {
  const value = around.environment.PATH ?? around.environment.Path ?? "";
  return value.split(on(around).delimiter).filter((folder) => on(around).isAbsolute(folder));
}

function cargoFolder(around: Surroundings): string {
  return on(around).join(around.environment.CARGO_HOME ?? on(around).join(around.home, ".cargo"), "bin");
}

/** Batch files would need a shell, and so are not looked for. */
function suffixes(name: string, around: Surroundings): string[] {
  return around.isWindows && !name.toLowerCase().endsWith(".exe") ? [".exe"] : [""];
}

function expand(setting: string, around: Surroundings): string {
  return setting
    .replace(/^~(?=$|[\\/])/, () => around.home)
    .replaceAll("${userHome}", () => around.home)
    .replaceAll("${workspaceFolder}", () => around.workspaceFolder ?? around.home);
}

function on(around: Surroundings): path.PlatformPath {
  return around.isWindows ? path.win32 : path.posix;
}
