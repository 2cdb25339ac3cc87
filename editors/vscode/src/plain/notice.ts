/** What the user is told when the server does not run, and what to do about it. */

import { BINARY, type Located } from "./locate.js";

/** Installs the server from a checkout of Weir. */
export const INSTALL_COMMAND = "cargo install --path lsp";

export type Action = "copy-install-command" | "open-setting" | "show-output" | "restart";

export interface Notice {
  readonly message: string;
  readonly actions: readonly Action[];
}

const TITLES: Record<Action, string> = {
  "copy-install-command": "Copy Install Command",
  "open-setting": "Open Setting",
  "show-output": "Show Output",
  restart: "Restart Server",
};

export function title(action: Action): string {
  return TITLES[action];
}

export function notFound(located: Exclude<Located, { kind: "found" }>): Notice {
  const advice = `Install it with \`${INSTALL_COMMAND}\` in a checkout of Weir`;
  switch (located.kind) {
    case "missing":
      return {
        message:
          `\`${BINARY}\` is neither on the PATH nor in cargo's folder, so Weir files are coloured but not checked. ` +
          `${advice}, or name it in the setting \`weir.server.path\`.`,
        actions: ["copy-install-command", "open-setting", "restart"],
      };
    case "wrong-setting":
      return {
        message:
          `The setting \`weir.server.path\` names \`${located.setting}\`, which is no program. ` +
          `Correct it, or clear it to have \`${BINARY}\` searched for on the PATH.`,
        actions: ["open-setting", "copy-install-command", "restart"],
      };
  }
}

export function notStarted(file: string, error: unknown): Notice {
  return {
    message: `\`${file}\` did not start as a language server: ${reason(error)}. The output has what it wrote.`,
    actions: ["show-output", "open-setting", "restart"],
  };
}

export function crashed(): Notice {
  return {
    message: "The Weir language server ended too often, and is not started again. The output has what it wrote.",
    actions: ["show-output", "restart"],
  };
}

export function notRunning(): Notice {
  return { message: "The Weir language server does not run.", actions: ["restart", "show-output"] };
}

/** JSON-RPC's code for a request whose connection went away. */
const PENDING_RESPONSE_REJECTED = -32097;

/** What is told of a request that failed. */
export function failure(error: unknown): string {
  const isUnanswered = error instanceof Error && "code" in error && error.code === PENDING_RESPONSE_REJECTED;
  return isUnanswered ? "The Weir language server ended before it answered." : `Weir: ${reason(error)}.`;
}

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().replace(/\.$/, "");
}
