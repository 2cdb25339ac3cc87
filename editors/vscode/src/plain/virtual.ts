/** Virtual documents: in which language and beside what they are shown. */

import { SCHEME } from "./protocol.js";

const LANGUAGES: Readonly<Record<string, string>> = { yaml: "yaml", yml: "yaml", md: "markdown", weir: "weir", json: "json" };

/** By the ending of its path; `undefined` leaves it to the editor. */
export function languageOf(path: string): string | undefined {
  const ending = /\.([a-z]+)$/.exec(path)?.[1];
  return ending === undefined ? undefined : LANGUAGES[ending];
}

export interface VisibleEditor<Column> {
  readonly uri: string;
  readonly column: Column | undefined;
}

/** Where it is visible already, else where another virtual document is, else (`undefined`) beside what is written. */
export function columnFor<Column>(uri: string, visible: readonly VisibleEditor<Column>[]): Column | undefined {
  const virtual = visible.filter((editor) => editor.uri.startsWith(`${SCHEME}:`));
  return (virtual.find((editor) => editor.uri === uri) ?? virtual[0])?.column;
}
