; Parameters of a policy are coloured as such in its body: there they win over everything else of their name. A `let` is
; seen by its whole file, and by others, and needs no scope.

(policy) @local.scope

(parameter name: (_) @local.definition.variable.parameter)

(operand base: (name) @local.reference)
(qualified namespace: (name) @local.reference)
(namespace name: (name) @local.reference)
(namespace_head name: (name) @local.reference)
(port !protocol (name) @local.reference)
