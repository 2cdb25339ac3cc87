/**
 * The editor, as thin as the tests need it: the bundle of the tests has it in the place of the module `vscode`.
 * What the extension does to the editor is recorded in `editor`, which tests also steer.
 */

type Listener<T> = (event: T) => unknown;

export class Disposable {
  static from(...parts: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      parts.forEach((part) => part.dispose());
    });
  }
  constructor(private readonly callOnDispose: () => unknown) {}
  dispose(): void {
    this.callOnDispose();
  }
}

export class EventEmitter<T> {
  private readonly listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>, self?: unknown): Disposable => {
    const bound: Listener<T> = (event) => listener.call(self, event);
    this.listeners.add(bound);
    return new Disposable(() => this.listeners.delete(bound));
  };
  fire(event: T): void {
    [...this.listeners].forEach((listener) => listener(event));
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class Uri {
  static parse(text: string): Uri {
    const [, scheme = "", path = ""] = /^([a-z]+):(?:\/\/[^/]*)?(.*)$/.exec(text) ?? [];
    return new Uri(text, scheme, path);
  }
  static file(path: string): Uri {
    return new Uri(`file://${path}`, "file", path);
  }
  private constructor(
    private readonly text: string,
    readonly scheme: string,
    readonly path: string,
  ) {}
  get fsPath(): string {
    return this.path;
  }
  toString(): string {
    return this.text;
  }
}

export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
}

export class ThemeColor {
  constructor(readonly id: string) {}
}

export enum LanguageStatusSeverity {
  Information,
  Warning,
  Error,
}
export enum StatusBarAlignment {
  Left = 1,
  Right = 2,
}
export enum ViewColumn {
  Beside = -2,
  Active = -1,
  One = 1,
  Two = 2,
}
export enum LogLevel {
  Off,
  Trace,
  Debug,
  Info,
}

/** What the language client derives from, and nothing here uses. */
class Unused {
  readonly isUnused = true;
}
export {
  Unused as CallHierarchyItem,
  Unused as CancellationError,
  Unused as CodeAction,
  Unused as CodeLens,
  Unused as CompletionItem,
  Unused as Diagnostic,
  Unused as DocumentLink,
  Unused as InlayHint,
  Unused as SymbolInformation,
  Unused as TypeHierarchyItem,
};
export const CodeActionKind = new Proxy({}, { get: () => ({ append: () => ({}) }) });
export const version = "1.91.0";

export interface Document {
  uri: Uri;
  languageId: string;
}
export interface Editor {
  document: Document;
  viewColumn?: ViewColumn;
  selection: { active: Position };
}

type Command = (...args: unknown[]) => unknown;

const configurationChanges = new EventEmitter<{ affectsConfiguration(section: string): boolean }>();
const activeEditorChanges = new EventEmitter<Editor | undefined>();

class State {
  configuration: Record<string, unknown> = {};
  activeEditor: Editor | undefined;
  documents: Document[] = [];
  /** Registered by the extension, in its order. */
  commands = new Map<string, Command>();
  /** Commands of the editor that exist besides. */
  builtIn = new Set<string>();
  executed: unknown[][] = [];
  errors: string[] = [];
  information: string[] = [];
  /** The title of the button that is pressed in the next message. */
  button: string | undefined;
  clipboard = "";
  quickPick: { items: readonly { label: string }[]; choose: string | undefined } = { items: [], choose: undefined };
  shown: { uri: string; language: string; options: unknown }[] = [];
  outputShown = 0;
  bar: { text: string; tooltip: unknown; command: unknown; isVisible: boolean } | undefined;
  language: { text: string; detail: string; severity: LanguageStatusSeverity; busy: boolean } | undefined;
  provider:
    | {
        provideTextDocumentContent(uri: Uri): Promise<string>;
        onDidChange(listener: (uri: Uri) => void): Disposable;
      }
    | undefined;

  open(document: Document, character = 0): void {
    this.activeEditor = { document, selection: { active: new Position(0, character) } };
    activeEditorChanges.fire(this.activeEditor);
  }

  configure(values: Record<string, unknown>): void {
    Object.assign(this.configuration, values);
    configurationChanges.fire({
      affectsConfiguration: (section) =>
        Object.keys(values).some((key) => `weir.${key}` === section || `weir.${key}`.startsWith(`${section}.`)),
    });
  }

  run(command: string, ...args: unknown[]): Promise<unknown> {
    const handler = this.commands.get(command);
    if (handler === undefined) {
      throw new Error(`no such command: ${command}`);
    }
    return Promise.resolve(handler(...args));
  }
}

export let editor = new State();
export function resetEditor(): void {
  editor = new State();
}

const never = () => new Disposable(() => undefined);

export const env = {
  appName: "Test",
  language: "en",
  clipboard: {
    writeText: (text: string) => {
      editor.clipboard = text;
      return Promise.resolve();
    },
  },
};

export const commands = {
  registerCommand(id: string, handler: Command): Disposable {
    editor.commands.set(id, handler);
    return new Disposable(() => editor.commands.delete(id));
  },
  getCommands: () => Promise.resolve([...editor.commands.keys(), ...editor.builtIn]),
  executeCommand(id: string, ...args: unknown[]): Promise<unknown> {
    editor.executed.push([id, ...args]);
    return Promise.resolve(editor.commands.get(id)?.(...args));
  },
};

export const languages = {
  createLanguageStatusItem() {
    const item = {
      text: "",
      detail: "",
      severity: LanguageStatusSeverity.Information,
      busy: false,
      dispose: () => undefined,
    };
    editor.language = item;
    return item;
  },
  createDiagnosticCollection: () => ({ clear: () => undefined, dispose: () => undefined }),
  setTextDocumentLanguage: (document: Document, languageId: string) => Promise.resolve({ ...document, languageId }),
  match: () => 0,
};

export const window = {
  get activeTextEditor() {
    return editor.activeEditor;
  },
  get visibleTextEditors() {
    return editor.activeEditor === undefined ? [] : [editor.activeEditor];
  },
  tabGroups: { all: [], onDidChangeTabs: never, onDidChangeTabGroups: never },
  onDidChangeActiveTextEditor: activeEditorChanges.event,
  onDidChangeVisibleTextEditors: never,
  createOutputChannel() {
    const write = () => undefined;
    return {
      logLevel: LogLevel.Info,
      onDidChangeLogLevel: never,
      ...{ trace: write, debug: write, info: write, warn: write, error: write, append: write, appendLine: write },
      show: () => (editor.outputShown += 1),
      dispose: write,
    };
  },
  createStatusBarItem() {
    const item = {
      text: "",
      tooltip: "",
      command: "",
      isVisible: false,
      show: () => (item.isVisible = true),
      hide: () => (item.isVisible = false),
      dispose: () => undefined,
    };
    editor.bar = item;
    return item;
  },
  showErrorMessage(message: string): Promise<string | undefined> {
    editor.errors.push(message);
    const button = editor.button;
    editor.button = undefined;
    return Promise.resolve(button);
  },
  showInformationMessage(message: string): Promise<undefined> {
    editor.information.push(message);
    return Promise.resolve(undefined);
  },
  showQuickPick<T extends { label: string }>(items: readonly T[]): Promise<T | undefined> {
    editor.quickPick.items = items;
    return Promise.resolve(items.find(({ label }) => label === editor.quickPick.choose));
  },
  showTextDocument(document: Document, options: unknown): Promise<void> {
    editor.shown.push({ uri: document.uri.toString(), language: document.languageId, options });
    return Promise.resolve();
  },
};

export const workspace = {
  workspaceFolders: undefined,
  notebookDocuments: [],
  get textDocuments() {
    return editor.documents;
  },
  getConfiguration: () => ({ get: (key: string, fallback?: unknown) => editor.configuration[key] ?? fallback }),
  onDidChangeConfiguration: configurationChanges.event,
  onDidChangeTextDocument: never,
  onDidChangeWorkspaceFolders: never,
  onDidCloseTextDocument: never,
  onDidOpenTextDocument: never,
  onDidSaveTextDocument: never,
  onWillSaveTextDocument: never,
  createFileSystemWatcher: () => ({
    onDidChange: never,
    onDidCreate: never,
    onDidDelete: never,
    dispose: () => undefined,
  }),
  openTextDocument: (uri: Uri): Promise<Document> => Promise.resolve({ uri, languageId: "plaintext" }),
  registerTextDocumentContentProvider(_scheme: string, provider: NonNullable<State["provider"]>): Disposable {
    editor.provider = provider;
    return never();
  },
};
