-- Weir in Neovim: options, and the parts that others call.
local M = {}

M.options = {
  -- The language server, and what it is started with.
  cmd = { "weir-lsp" },
  -- Whether opening a file starts it.
  autostart = true,
  -- The section `weir` of the settings.
  settings = {},
  -- Called with the client and the buffer, when the server has come to a buffer.
  on_attach = nil,
  -- Added to what Neovim can do, as by plugins for completion.
  capabilities = nil,
}

function M.setup(options)
  M.options = vim.tbl_deep_extend("force", M.options, options or {})
end

-- Brings the language server to a buffer.
function M.start(buffer)
  return require("weir.server").start(buffer)
end

-- A word for the statusline: the cluster, the format, and what is wrong.
function M.status()
  local status = vim.g.weir_status
  if not status then
    return ""
  end
  local words = { status.cluster, status.target }
  if not status.cluster then
    words = { status.target }
  end
  if status.state ~= "ready" then
    table.insert(words, "(" .. status.message .. ")")
  end
  return table.concat(words, " ")
end

return M
