/** The files of Weir around the extension. */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** Tests run in the folder of the extension. */
export const ROOT = path.resolve("../..");

/** All files with this ending below a folder, relative to the root. */
export function files(folder: string, ending: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(folder, name))
    .sort();
}

export function read(file: string): string {
  return readFileSync(path.join(ROOT, file), "utf8");
}
