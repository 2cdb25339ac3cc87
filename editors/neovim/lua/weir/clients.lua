-- The clients of Weir's server, and questions to them, alike in every Neovim.
local M = {}

local PATIENCE = 10000

-- Those of a buffer, or all.
function M.all(buffer)
  local found = {}
  -- `get_clients` is there since 0.10.
  local clients = vim.lsp.get_clients and vim.lsp.get_clients() or vim.lsp.get_active_clients()
  for _, client in ipairs(clients) do
    if client.name == "weir" and (not buffer or vim.lsp.buf_is_attached(buffer, client.id)) then
      table.insert(found, client)
    end
  end
  return found
end

-- The one of the current buffer, else any.
function M.current()
  return M.all(vim.api.nvim_get_current_buf())[1] or M.all()[1]
end

-- The answer, or nil and why there is none.
function M.ask(client, method, params, buffer)
  buffer = buffer or vim.api.nvim_get_current_buf()
  local answer, problem
  -- Functions of clients are methods since 0.11.
  if vim.fn.has("nvim-0.11") == 1 then
    answer, problem = client:request_sync(method, params, PATIENCE, buffer)
  else
    answer, problem = client.request_sync(method, params, PATIENCE, buffer)
  end
  if not answer then
    return nil, problem or "the language server does not answer"
  end
  if answer.err then
    return nil, answer.err.message
  end
  return answer.result
end

return M
