/** The problem matcher, on what the compiler really prints: the snapshots of its own tests. */

import assert from "node:assert/strict";
import { test } from "node:test";

import manifest from "../../package.json" with { type: "json" };
import { files, read } from "../repository.js";

interface Problem {
  readonly severity: string | undefined;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly file: string | undefined;
  readonly line: string | undefined;
  readonly column: string | undefined;
}

const [matcher] = manifest.contributes.problemMatchers;
assert.ok(matcher);
const [head, place] = matcher.pattern;
assert.ok(head && place);
const headline = new RegExp(head.regexp);
const placing = new RegExp(place.regexp);

/** As the editor does: the patterns match lines that follow each other. */
function problems(output: string): Problem[] {
  const lines = output.split("\n");
  return lines.flatMap((line, at) => {
    const [said, where] = [headline.exec(line), placing.exec(lines[at + 1] ?? "")];
    return said && where
      ? [
          {
            severity: said[head?.severity ?? 0],
            code: said[head?.code ?? 0],
            message: said[head?.message ?? 0],
            file: where[place?.file ?? 0],
            line: where[place?.line ?? 0],
            column: where[place?.column ?? 0],
          },
        ]
      : [];
  });
}

test("a diagnostic of a sentence", () => {
  const output = [
    "error[E0201]: there is no workload or service `ordersx` in namespace `data`",
    "   ┌─ ./shop.weir:15:24",
    "   │",
    '15 │ backend may reach data/ordersx:5432 because "orders are kept in PostgreSQL";',
    "   │                        ^^^^^^^ not in the inventory",
    "   │",
    "   = help: did you mean `orders`?",
  ];
  assert.deepEqual(problems(output.join("\n")), [
    {
      severity: "error",
      code: "E0201",
      message: "there is no workload or service `ordersx` in namespace `data`",
      file: "./shop.weir",
      line: "15",
      column: "24",
    },
  ]);
});

test("diagnostics of manifests, with and without a column, and with drives", () => {
  const output = [
    "error[E0801]: not valid YAML: unclosed bracket `[`",
    " = in manifests/bad.yaml:3:11 (document 1)",
    "",
    "note[W0125]: whoever may set the label `team` of a namespace lets its pods in",
    " = in C:\\shop\\cluster.yaml:5 (document 2)",
    "",
    "error[E0702]: the inventory is missing",
    " = help: `-i PATH` names the cluster's manifests",
  ];
  assert.deepEqual(
    problems(output.join("\n")).map(({ severity, file, line, column }) => [severity, file, line, column]),
    [
      ["error", "manifests/bad.yaml", "3", "11"],
      ["note", "C:\\shop\\cluster.yaml", "5", undefined],
    ],
  );
});

test("every diagnostic with a place in the compiler's own tests", () => {
  const outputs = [...files("tests/cases", ".snap"), ...files("docs", ".md")].map(read);
  const found = outputs.flatMap(problems);
  // Places in the library, such as `<std/ingress.weir>`, are no files.
  const placed = outputs.flatMap((output) => output.match(/^(?:error|warning|note)\[.*\n +┌─ (?!<)/gm) ?? []);
  const arrows = found.filter(({ file }) => /\.(?:weir|toml)$/.test(file ?? ""));
  assert.ok(placed.length > 300, `${placed.length.toString()} diagnostics`);
  assert.equal(arrows.length, placed.length);
  for (const { severity, code, line, column } of found) {
    assert.equal(severity === "error", code?.startsWith("E"));
    assert.ok(Number(line) > 0 && (column === undefined || Number(column) > 0));
  }
});
