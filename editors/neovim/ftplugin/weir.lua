-- Files in Weir: comments and widths as `weir fmt` has them, the language server, and the parser where there is one.
if vim.b.did_ftplugin then
  return
end
vim.b.did_ftplugin = 1

vim.opt_local.comments = ":#"
vim.opt_local.commentstring = "# %s"
vim.opt_local.expandtab = true
vim.opt_local.shiftwidth = 4
vim.opt_local.softtabstop = 4
vim.opt_local.formatoptions:remove("t")
vim.opt_local.formatoptions:append("croql")
-- Names have hyphens.
vim.opt_local.iskeyword:append("-")
vim.b.undo_ftplugin = "setlocal comments< commentstring< expandtab< shiftwidth< softtabstop< formatoptions< iskeyword<"

local function is_there(path)
  return #vim.api.nvim_get_runtime_file(path, false) > 0
end

if vim.treesitter.start and is_there("parser/weir.*") and is_there("queries/weir/highlights.scm") then
  vim.treesitter.start()
end

local weir = require("weir")
if weir.options.autostart then
  weir.start()
end
