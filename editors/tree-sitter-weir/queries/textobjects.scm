; Helix says `inside` and `around` for what is `inner` and `outer` in Neovim.

; A policy is a function.
(policy body: (body) @function.inside @function.inner) @function.around @function.outer

(test body: (body) @test.inside @test.inner) @test.around @test.outer

(in_block body: (body) @class.inside @class.inner) @class.around @class.outer

; A sentence is a statement; Neovim alone has such an object.
[
  (posture)
  (grant)
  (only)
  (guardrail)
  (assertion)
] @statement.outer

; Around a parameter or an argument is the comma behind it, too.
(parameters
  (parameter) @parameter.inside @parameter.inner @parameter.around @parameter.outer
  .
  ","? @parameter.around @parameter.outer)

(arguments
  (_) @parameter.inside @parameter.inner @parameter.around @parameter.outer
  .
  ","? @parameter.around @parameter.outer)

(comment) @comment.inside @comment.inner
(comment)+ @comment.around @comment.outer
