/** The connection to the server: the only module that knows the language client library. */

import {
  CloseAction,
  type ErrorHandler,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  type ServerOptions,
  State,
} from "vscode-languageclient/node";

import { LANGUAGE } from "./plain/protocol.js";
import type { Connect } from "./connection.js";

/** The library's pop-ups do not say what to do about it; ours do. What it has to say stays in the output. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  /** Orderly where it runs; a process that never answered is killed. */
  async end(): Promise<void> {
    const process = this.serverProcess;
    try {
      await this.dispose();
    } catch (error) {
      this.outputChannel.debug(String(error));
      process?.kill();
    }
  }
}

export const connect: Connect = (launch, hooks) => {
  const server: ServerOptions = { command: launch.file, args: [...launch.arguments] };
  const options: LanguageClientOptions = {
    documentSelector: [
      { language: LANGUAGE, scheme: "file" },
      { language: LANGUAGE, scheme: "untitled" },
    ],
    outputChannel: hooks.output,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: hooks.settings,
    synchronize: { fileEvents: [...hooks.watched] },
    // Told by whoever starts the client.
    initializationFailedHandler: () => false,
    errorHandler: errorHandler(() => client, hooks.gaveUp),
    middleware: {
      window: {
        showDocument: async (params, token, next) =>
          (await hooks.showDocument(params)) ? { success: true } : next(params, token),
      },
    },
  };
  const client = new QuietClient(LANGUAGE, "Weir", server, options);
  client.onDidChangeState(({ newState }) => {
    if (newState === State.Running) {
      hooks.isRunning(true);
    } else if (newState === State.Starting) {
      hooks.isRunning(false);
    }
  });
  return {
    start: () => client.start(),
    end: () => client.end(),
    request: (method, params) => client.sendRequest(method, params),
    execute: (command, argument) =>
      client.sendRequest("workspace/executeCommand", { command, arguments: [argument] }),
    configure: (settings) =>
      client.sendNotification("workspace/didChangeConfiguration", { settings: { [LANGUAGE]: settings } }),
    on: (method, handler) => {
      client.onNotification(method, handler);
    },
  };
};

/** The library's own, which starts a crashed server a few times, but not one that never came up. */
function errorHandler(client: () => LanguageClient, gaveUp: () => void): ErrorHandler {
  let handler: ErrorHandler | undefined;
  const usual = () => (handler ??= client().createDefaultErrorHandler());
  return {
    error: (error, message, count) => usual().error(error, message, count),
    closed: async () => {
      if (client().state !== State.Running) {
        return { action: CloseAction.DoNotRestart, handled: true };
      }
      const result = await usual().closed();
      if (result.action === CloseAction.DoNotRestart) {
        gaveUp();
      }
      return { ...result, handled: true };
    },
  };
}
