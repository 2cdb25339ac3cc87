; As `weir fmt` does it. `@indent` and `@outdent` are Helix's; what has a dot in it is Neovim's.

(body) @indent @indent.begin

; A statement goes on in lines of its own.
[
  (let)
  (apply)
  (posture)
  (grant)
  (only)
  (guardrail)
  (assertion)
] @indent @indent.begin

[
  (parameters)
  (arguments)
  (group)
  (ports)
  (over)
] @indent @indent.begin

; One of several goes on deeper; one that stands alone on its line does not.
[
  (union (operand (selector) @indent @indent.begin))
  (difference (operand (selector) @indent @indent.begin))
  (intersection (operand (selector) @indent @indent.begin))
]

["}" ")" "]"] @outdent @indent.branch

; Behind these a new statement begins.
[";" "}"] @indent.end

(comment) @indent.ignore
