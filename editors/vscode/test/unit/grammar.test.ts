/** The TextMate grammar against the lexer and against every text that the compiler takes. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { before, test } from "node:test";

import { createOnigScanner, createOnigString, loadWASM } from "vscode-oniguruma";
import { type IGrammar, INITIAL, parseRawGrammar, Registry } from "vscode-textmate";

import { files, read } from "../repository.js";

interface Token {
  readonly text: string;
  /** The innermost scope. */
  readonly scope: string;
}

let grammar: IGrammar;

before(async () => {
  const wasm = createRequire(path.resolve("package.json")).resolve("vscode-oniguruma/release/onig.wasm");
  await loadWASM(readFileSync(wasm));
  const file = "syntaxes/weir.tmLanguage.json";
  const registry = new Registry({
    onigLib: Promise.resolve({ createOnigScanner, createOnigString }),
    loadGrammar: () => Promise.resolve(parseRawGrammar(readFileSync(file, "utf8"), file)),
  });
  const loaded = await registry.loadGrammar("source.weir");
  assert.ok(loaded);
  grammar = loaded;
});

function tokens(text: string): Token[] {
  let stack = INITIAL;
  return text.split("\n").flatMap((line) => {
    const result = grammar.tokenizeLine(line, stack);
    stack = result.ruleStack;
    return result.tokens.map(({ startIndex, endIndex, scopes }) => ({
      text: line.slice(startIndex, endIndex),
      scope: scopes.at(-1) ?? "",
    }));
  });
}

function scopeOf(word: string, text: string): string {
  const found = tokens(text).find((token) => token.text === word);
  assert.ok(found, `\`${word}\` is a token of \`${text}\``);
  return found.scope;
}

/** The words of the table in the lexer. */
function reserved(): string[] {
  const table = /^tokens! \{\n([^}]*)\n\}/m.exec(read("grammar/src/token.rs"))?.[1] ?? "";
  return [...table.matchAll(/"([a-z]+)"/g)].map(([, word = ""]) => word);
}

test("the reserved words are those of the lexer", () => {
  const words = reserved();
  assert.ok(words.length > 40);
  for (const word of words) {
    assert.match(scopeOf(word, `${word} `), /^(?:keyword\.control|constant\.language)\./, word);
    assert.match(scopeOf(`${word}-x`, `${word}-x may reach y;`), /^variable\.other\./, word);
    assert.match(scopeOf(`x-${word}`, `x-${word} may reach y;`), /^variable\.other\./, word);
  }
});

test("no other word is reserved", () => {
  for (const word of ["http", "ping", "ingress", "egress", "present", "absent", "by", "tcp", "udp", "sctp", "notin"]) {
    assert.match(scopeOf(word, `${word} may reach y;`), /^variable\.other\./, word);
  }
});

test("where every word is a name, a reserved one is", () => {
  const table = /fn is_before_name[^}]*\n {8}\)/.exec(read("grammar/src/token.rs"))?.[0] ?? "";
  const before = [...table.matchAll(/\b[A-Z][A-Za-z]+\b/g)].map(([variant]) => variant.toLowerCase());
  assert.ok(before.includes("slash") && before.includes("serviceaccount"), before.join());
  for (const variant of before.filter((name) => name !== "token")) {
    const opening = { slash: "shop/", colon: "shop/web:" }[variant] ?? `${variant} `;
    for (const word of reserved()) {
      const [last] = tokens(`${opening}${word}`).slice(-1);
      assert.equal(last?.text, word);
      assert.match(last.scope, /^(?:entity\.name|constant\.other\.port)\./, opening + word);
    }
  }
});

test("in what the compiler takes nothing is marked as a mistake", () => {
  const programs = ["examples", "stdlib", "tests/cases", "editors/vscode/test/grammar"]
    .flatMap((folder) => files(folder, ".weir"))
    .filter((file) => !file.includes(path.join("cases", "errors")) && !file.endsWith("mistakes.weir"))
    .map((file): [string, string] => [file, read(file)]);
  // Examples of syntax errors have the code of one in their fence.
  const fences = files("docs", ".md").flatMap((file) =>
    [...read(file).matchAll(/^```weir(?! E01)[^\n]*\n(.*?)^```/gms)].map(([, text = ""]): [string, string] => [file, text]),
  );
  assert.ok(programs.length > 150 && fences.length > 150, `${programs.length.toString()}, ${fences.length.toString()}`);
  for (const [file, text] of [...programs, ...fences]) {
    const wrong = tokens(text).filter(({ scope }) => scope.startsWith("invalid."));
    if (!file.includes(path.join("docs", "errors", "E01"))) {
      assert.deepEqual(wrong, [], file);
    }
  }
});

test("every word of them has a scope of its own", () => {
  const programs = ["examples", "stdlib"].flatMap((folder) => files(folder, ".weir"));
  for (const file of programs) {
    const bare = tokens(read(file)).filter(({ text, scope }) => /^(?:source|meta)\./.test(scope) && text.trim() !== "");
    assert.deepEqual(bare, [], file);
  }
});

test("every text of the snapshot tests has its snapshot", () => {
  for (const name of readdirSync("test/grammar").filter((file) => /\.(?:weir|md)$/.test(file))) {
    assert.ok(existsSync(`test/grammar/${name}.snap`), name);
  }
});
