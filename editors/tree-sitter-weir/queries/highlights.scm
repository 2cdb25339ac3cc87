; The names of captures are those that Neovim, Helix and `tree-sitter highlight` all know, and no token has two: it does
; not matter whether an editor lets the first one win or the last.

(comment) @comment

; Words

[
  "may" "only" "must" "not" "reach" "reaches" "cannot" "ping"
  "on" "in" "each" "except" "over" "http"
  "isolated" "locked" "open" "for" "ingress" "egress"
  "because" "if" "present" "even" "absent" "until"
  "let" "by" "export" "use" "policy" "apply" "test"
  "notin"
] @keyword

[
  "namespace" "namespaces" "cluster" "clusters"
  "workload" "service" "deployment" "statefulset" "daemonset" "job" "cronjob" "pod" "serviceaccount"
] @type.builtin

(builtin) @constant.builtin

; Names

(operand base: [(name) (quoted_name)] @variable)
(operand base: (pattern) @type)
(qualified namespace: (_) @type)
(qualified name: (_) @variable)
(kinded namespace: (_) @type)
(kinded name: (_) @variable)
(namespace name: (_) @type)
(namespace_head name: (_) @type)
(cluster_head name: (_) @type)

(let name: (_) @variable)
(use module: (_) @string.special.path)

(policy name: (_) @function)
(apply name: (_) @function)
(parameter name: (_) @variable.parameter)
(parameter kind: (_) @type.builtin)

; Labels

(selector (requirement key: (label_key) @attribute))
(partition key: (label_key [(name) (quoted_name) (host)] @attribute))
(label_value) @string

; Values

(address) @constant.numeric
(operand base: (host) @string.special.url)
(day) @constant.numeric
(text) @string
(method) @constant.builtin

(port [(number) (range)] @constant.numeric)
(port !protocol [(name) (quoted_name)] @constant)
(port protocol: (_) @constant.builtin)

; Signs

["=" "==" "!=" "!"] @operator
[";" "," ":" "/"] @punctuation.delimiter
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
