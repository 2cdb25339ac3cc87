if vim.b.did_indent then
  return
end
vim.b.did_indent = 1

vim.opt_local.indentexpr = "v:lua.require'weir.indent'.of(v:lnum)"
vim.opt_local.indentkeys = "0{,0},0),!^F,o,O"
vim.b.undo_indent = "setlocal indentexpr< indentkeys<"
