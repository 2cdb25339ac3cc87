; As `weir fmt` does it: a block, a list in brackets, and a statement that goes on.
(_ "{" "}" @end) @indent
(_ "[" "]" @end) @indent
(_ "(" ")" @end) @indent

[
  (let)
  (apply)
  (posture)
  (grant)
  (only)
  (guardrail)
  (assertion)
] @indent
