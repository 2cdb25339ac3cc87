/** What the status bar and the language status say. */

import type { Notice } from "./notice.js";
import type { Status } from "./protocol.js";

/** Whether there is a server to talk to. */
export type ServerState =
  | { readonly kind: "stopped" }
  | { readonly kind: "starting" }
  | { readonly kind: "running" }
  | { readonly kind: "failed"; readonly notice: Notice };

export interface View {
  /** The item of the language, behind the braces in the status bar. */
  readonly language: {
    readonly text: string;
    readonly detail: string;
    readonly severity: "information" | "warning" | "error";
    readonly busy: boolean;
    readonly command: "weir.showOutput" | "weir.restartServer" | "weir.chooseTarget";
  };
  /** Cluster and target; absent where nothing is known of them. */
  readonly bar: { readonly text: string; readonly tooltip: string; readonly isWarning: boolean } | undefined;
}

export function view(server: ServerState, status: Status | undefined): View {
  switch (server.kind) {
    case "stopped":
      return idle("Weir: stopped", "The language server does not run.", "information");
    case "failed":
      return idle("Weir: not running", server.notice.message, "error");
    case "starting":
      return { language: language("Weir: starting", "", "information", true, "weir.showOutput"), bar: undefined };
    case "running":
      return status === undefined
        ? { language: language("Weir: running", "", "information", false, "weir.showOutput"), bar: undefined }
        : { language: told(status), bar: bar(status) };
  }
}

function told(status: Status): View["language"] {
  switch (status.state) {
    case "loading":
      return language("Weir: reading the inventory", status.message, "information", true, "weir.showOutput");
    case "ready":
      return language(`Weir: ${place(status)}`, detail(status), "information", false, "weir.chooseTarget");
    case "degraded":
      return language(`Weir: ${place(status)}`, detail(status), "warning", false, "weir.showOutput");
  }
}

function bar(status: Status): View["bar"] {
  const icon = { loading: "$(sync~spin)", ready: "$(shield)", degraded: "$(warning)" }[status.state];
  return {
    text: `${icon} ${place(status)}`,
    tooltip: `Weir: ${detail(status)}\n\nClick to choose the cluster in which names are looked up.`,
    isWarning: status.state === "degraded",
  };
}

function place(status: Status): string {
  return status.cluster === null ? status.target : `${status.cluster} · ${status.target}`;
}

function detail(status: Status): string {
  const count = status.workloads === 1 ? "1 workload" : `${status.workloads.toString()} workloads`;
  return status.message === "" ? count : `${count}. ${status.message}`;
}

function idle(text: string, detail: string, severity: "information" | "error"): View {
  return { language: language(text, detail, severity, false, "weir.restartServer"), bar: undefined };
}

function language(
  text: string,
  detail: string,
  severity: View["language"]["severity"],
  busy: boolean,
  command: View["language"]["command"],
): View["language"] {
  return { text, detail, severity, busy, command };
}
