/** Words, indentation and snippets, as the editor takes them from the files. */

import assert from "node:assert/strict";
import { test } from "node:test";

import configuration from "../../language-configuration.json" with { type: "json" };
import snippets from "../../snippets/weir.json" with { type: "json" };

function words(line: string): string[] {
  return line.match(new RegExp(configuration.wordPattern, "g")) ?? [];
}

/** What Enter does at the end of this line. */
function enter(line: string): string | undefined {
  return configuration.onEnterRules.find(
    (rule) => new RegExp(rule.beforeText).test(line) && (rule.afterText === undefined || new RegExp(rule.afterText).test("")),
  )?.action.indent;
}

test("names with their namespaces are words", () => {
  assert.deepEqual(words('team-a, shop/web may reach team-*/"db":5432;'), [
    "team-a",
    "shop/web",
    "may",
    "reach",
    "team-*/",
    "db",
    "5432",
  ]);
  assert.deepEqual(words("x[app.kubernetes.io/name=web], 10.0.0.0/8:53/udp, *.stripe.com"), [
    "x",
    "app.kubernetes.io/name",
    "web",
    "10.0.0.0/8",
    "53/udp",
    "*.stripe.com",
  ]);
});

test("blocks are indented", () => {
  const increase = new RegExp(configuration.indentationRules.increaseIndentPattern);
  const decrease = new RegExp(configuration.indentationRules.decreaseIndentPattern);
  for (const line of ["in namespace shop {", 'test "a {" {', "policy p(a, b) { # why", "in each team-* {  "]) {
    assert.match(line, increase);
  }
  for (const line of ["# in namespace {", 'a locked because "{', "in namespace shop { pods locked; }", "a locked;"]) {
    assert.doesNotMatch(line, increase);
  }
  assert.match("    }", decrease);
});

test("the lines of a long sentence are indented, and the next sentence is not", () => {
  for (const line of ["shop/web, shop/api may reach", "let back =", "    export let back = ", "a must not reach  "]) {
    assert.equal(enter(line), "indent", line);
  }
  for (const line of ['    because "PAY-123";', "    on 5432, 6379;", "    until 2027-01-31; # soon"]) {
    assert.equal(enter(line), "outdent", line);
  }
  for (const line of ["shop/web may reach shop/api:80;", "# who may reach", '    because "no end', "online locked;"]) {
    assert.equal(enter(line), undefined, line);
  }
});

test("snippets have a description and their placeholders in order", () => {
  for (const [name, { description, body }] of Object.entries(snippets)) {
    assert.match(description, /^[A-Z].*[^.]$/, name);
    const stops = [...body.join("\n").matchAll(/\$\{([1-9])/g)].map(([, stop]) => Number(stop));
    assert.deepEqual([...new Set(stops)], [...new Set(stops)].sort(), name);
  }
});
