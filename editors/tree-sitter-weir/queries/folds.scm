[
  (in_block)
  (policy)
  (test)
] @fold

; Sentences of several lines, and comments above each other.
[
  (let)
  (apply)
  (posture)
  (grant)
  (only)
  (guardrail)
  (assertion)
] @fold

(comment)+ @fold
