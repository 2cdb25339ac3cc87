/**
 * @file Weir, a language for Kubernetes network policy
 * @license Apache-2.0
 *
 * It follows `grammar/src/weir.lalrpop`, and `tests/agrees.rs` holds the two against each other. Nodes are called as in
 * `grammar/src/ast.rs`. Two things differ from how such grammars are mostly written:
 *
 * Words are reserved in places. tree-sitter takes a keyword for a name wherever the keyword itself does not fit, and
 * would read `may may reach x;`. So where a name has to be none of them (`_name`), each is accepted and leads nowhere.
 * After `/`, `:`, `namespace` and their like (`_any_name`) it is left as it is: every word is a name there.
 *
 * Words are as long as they can be, whatever fits. tree-sitter only tries the tokens that fit, and would read
 * `on 80because "…"`. So where a word may stop short, the whole of it is a token too (`odd`), and leads nowhere. Only
 * a keyword that runs into a `*` is still read as two words (`reach*.example`): a token for that would overlap with the
 * keywords, and make them tokens each by itself.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const BUILTINS = ['anyone', 'pods', 'nodes', 'apiserver', 'dns', 'internet', 'anywhere'];

const KINDS = [
  'workload', 'service', 'deployment', 'statefulset', 'daemonset', 'job', 'cronjob', 'pod', 'serviceaccount',
];

const POSTURES = ['isolated', 'locked', 'open'];

const KEYWORDS = [
  'may', 'only', 'must', 'not', 'reach', 'reaches', 'cannot',
  'on', 'in', 'each', 'except', 'over',
  ...POSTURES, 'for',
  'because', 'if', 'even', 'until',
  'let', 'export', 'use', 'policy', 'apply', 'test',
  'namespace', 'namespaces', 'cluster', 'clusters',
  ...BUILTINS,
  ...KINDS,
];

/** @param {RuleOrLiteral} rule */
const comma = rule => seq(rule, repeat(seq(',', rule)));

/**
 * A word that is reserved nowhere, in quotes or without.
 * @param {string} text
 */
const word = text => choice(text, alias(`"${text}"`, text));

/**
 * What is read as one, and is an error whatever follows.
 * @param {GrammarSymbols<string>} $
 * @param {RuleOrLiteral} rule
 */
const leadsNowhere = ($, rule) => seq(rule, $._nothing);

/**
 * What stands behind `each`. The word behind a `namespace` that is meant to be all of them is no name.
 * @param {GrammarSymbols<string>} $
 * @param {string[]} reserved
 */
const eachSubject = ($, reserved) => choice(
  field('subject', choice($.set, 'namespace')),
  seq('namespace', leadsNowhere($, choice(...reserved))),
);

module.exports = grammar({
  name: 'weir',

  extras: $ => [/[ \t\r\n\f\uFEFF]/, $.comment],

  word: $ => $.name,

  supertypes: $ => [$.statement, $.sentence, $.clause, $.set, $.base],

  rules: {
    source_file: $ => repeat($.statement),

    statement: $ => choice($.let, $.use, $.in_block, $.policy, $.apply, $.test, $.sentence),

    // Statements that are no sentences

    let: $ => seq(
      optional(field('export', 'export')),
      'let',
      field('name', $._name),
      '=',
      field('value', choice($.set, $.partition)),
      repeat(choice($.if_present, $.even_if_absent)),
      ';',
    ),

    partition: $ => seq('namespaces', word('by'), field('key', $.label_key)),

    label_key: $ => choice(
      $._name,
      seq(field('prefix', $._name), '/', $._any_name),
      seq(field('prefix', $.host), '/', choice($._any_name, $.host)),
    ),

    use: $ => seq('use', field('module', choice($._any_name, alias($.host, $.module_path))), ';'),

    in_block: $ => seq('in', field('head', $._block_head), field('body', $.body)),

    _block_head: $ => choice(
      $.namespace_head,
      $.each_head,
      $.cluster_head,
      $.clusters_head,
    ),
    namespace_head: $ => seq('namespace', field('name', $._any_name)),
    each_head: $ => seq('each', eachSubject($, KEYWORDS)),
    cluster_head: $ => seq('cluster', field('name', $._any_name)),
    clusters_head: $ => seq('clusters', field('selector', $.selector)),

    policy: $ => seq(
      optional(field('export', 'export')),
      'policy',
      field('name', $._any_name),
      field('parameters', $.parameters),
      field('body', $.body),
    ),

    parameters: $ => seq('(', optional(comma($.parameter)), ')'),

    parameter: $ => seq(field('name', $._name), optional(seq(':', field('kind', $._any_name)))),

    apply: $ => seq('apply', field('name', $._any_name), field('arguments', $.arguments), ';'),

    arguments: $ => seq('(', optional(comma($._argument)), ')'),

    _argument: $ => choice(
      $.operand,
      $.difference,
      $.intersection,
      alias($._numbered_port, $.port),
    ),

    test: $ => seq('test', field('name', $.text), field('body', $.body)),

    body: $ => seq('{', repeat($.statement), '}'),

    // Sentences

    sentence: $ => choice($.posture, $.grant, $.only, $.guardrail, $.assertion),

    posture: $ => seq(
      choice(
        field('subject', $.set),
        seq(
          field('each', 'each'),
          eachSubject($, KEYWORDS.filter(word => !POSTURES.includes(word))),
        ),
      ),
      field('word', choice(...POSTURES)),
      optional(seq('for', field('direction', choice(word('ingress'), word('egress'))))),
      $._end,
    ),

    grant: $ => seq(
      field('subject', $.set),
      'may',
      choice('reach', word('ping')),
      $._object,
      $._end,
    ),

    only: $ => seq(
      choice(
        seq('only', field('subject', $.set), 'may', 'reach'),
        seq(field('subject', $.set), 'may', 'only', 'reach'),
      ),
      $._object,
      $._end,
    ),

    guardrail: $ => seq(
      field('subject', $.set),
      'must',
      optional('not'),
      'reach',
      $._object,
      $._end,
    ),

    assertion: $ => seq(
      field('subject', $.set),
      choice('reaches', seq('cannot', 'reach')),
      $._object,
      $._end,
    ),

    _object: $ => seq(
      field('object', $.set),
      optional(seq('on', field('ports', $.ports))),
      optional(field('over', $.over)),
    ),

    ports: $ => comma($.port),

    over: $ => seq('over', choice('http', $._odd), comma($.http_request)),

    http_request: $ => seq(field('method', $.method), field('path', $.text)),

    _end: $ => seq(repeat($.clause), ';'),

    clause: $ => choice($.because, $.if_present, $.even_if_absent, $.until),

    because: $ => seq('because', field('reason', $.text)),
    if_present: $ => seq('if', word('present')),
    even_if_absent: $ => seq('even', 'if', word('absent')),
    until: $ => seq('until', field('day', choice($.day, $._odd))),

    // Sets

    set: $ => choice($.operand, $.union, $.difference, $.intersection),

    union: $ => seq($.operand, repeat1(seq(',', $.operand))),
    difference: $ => seq(field('left', $.operand), 'except', field('right', $.operand)),
    intersection: $ => seq(field('left', $.operand), 'in', field('right', $.operand)),

    operand: $ => seq(
      choice(field('base', $.base), $._reserved),
      repeat(field('filter', $.selector)),
      optional(seq(':', field('port', alias($._port_behind_colon, $.port)))),
    ),

    base: $ => choice(
      $._any_name,
      $.qualified,
      $.kinded,
      $.namespace,
      $.pattern,
      $.namespaces,
      $.builtin,
      $.address,
      $.host,
      $.group,
    ),

    qualified: $ => seq(field('namespace', choice($._any_name, $.pattern)), '/', field('name', $._any_name)),

    kinded: $ => seq(
      field('kind', choice(...KINDS)),
      optional(seq(field('namespace', choice($._any_name, $.pattern)), '/')),
      field('name', $._any_name),
    ),

    namespace: $ => seq('namespace', field('name', choice($._any_name, $.pattern))),

    namespaces: $ => seq('namespaces', field('selector', $.selector)),

    builtin: _ => choice(...BUILTINS),

    group: $ => seq('(', $.set, ')'),

    // Labels

    selector: $ => seq('[', comma($.requirement), ']'),

    requirement: $ => choice(
      seq(field('key', $._key), field('operator', choice('=', '==', '!=')), optional(field('value', $._value))),
      seq(field('key', $._key), field('operator', choice('in', 'notin')), field('values', $.values)),
      field('key', $._key),
      seq(field('operator', '!'), field('key', $._key)),
    ),

    values: $ => seq('(', optional($._value), repeat(seq(',', optional($._value))), ')'),

    _key: $ => choice(alias($._label, $.label_key), alias($.text, $.label_key)),
    _value: $ => choice(alias($._label, $.label_value), alias($.text, $.label_value)),

    // Ports

    port: $ => choice($._numbered_port, $._name),

    _port_behind_colon: $ => choice($._numbered_port, $._any_name),

    _numbered_port: $ => seq(
      choice($.number, $.range, $._odd),
      optional(seq('/', field('protocol', $._any_name))),
    ),

    // Names

    _name: $ => choice($._any_name, $._reserved),

    _any_name: $ => choice($.name, alias($.text, $.quoted_name)),

    _reserved: $ => leadsNowhere($, choice(...KEYWORDS)),

    _odd: $ => leadsNowhere($, $.odd),

    // No text is this: it would have to go on for ever.
    _nothing: $ => seq($._nobody_writes, $._nothing),

    // Tokens. Where two are equally long the first one counts.

    address: _ => token(choice(
      /[0-9]+(\.[0-9]+)+(\/[0-9]+)?/,
      /[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:]*(\.?[0-9]+)*(\/[0-9]+)?/,
    )),
    range: _ => /[0-9]+-[0-9]+/,
    day: _ => /[0-9]+-[0-9]+-[0-9]+/,
    number: _ => /[0-9]+/,
    name: _ => /[a-z][a-z0-9-]*/,
    text: _ => /"[^"\n]*"/,
    method: _ => /[A-Z]+/,
    host: _ => token(choice(
      /(\*\.)?[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+/,
      /\*\.[a-z0-9][a-z0-9-]*/,
    )),
    pattern: _ => /[a-z0-9-]*\*[a-z0-9-]*/,
    odd: _ => /[A-Za-z0-9_][A-Za-z0-9_.-]*/,
    _label: _ => /[A-Za-z0-9_.\/-]+/,
    comment: _ => /#[^\n]*/,
    _nobody_writes: _ => '\u0001',
  },
});
