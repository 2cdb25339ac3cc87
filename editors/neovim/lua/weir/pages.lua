-- Documents that the server makes: compiled YAML, who reaches whom, the library, the pages of codes. Their names begin
-- with `weir:/`; Neovim takes them for files, and has the working directory before them.
local clients = require("weir.clients")

local M = {}

local FILETYPES = { yaml = "yaml", md = "markdown", weir = "weir" }

-- Whom a page is from.
local origins = {}

function M.uri_of(name)
  return name:match("^weir:/.*$") or name:match("/(weir:/.*)$")
end

local function filetype(uri)
  local path = uri:gsub("%?.*", "")
  return FILETYPES[path:match("%.(%w+)$")] or ""
end

local function text_of(uri)
  local first = origins[uri] and vim.lsp.get_client_by_id(origins[uri])
  local reason = "no language server of Weir is running: open a file in Weir"
  for _, client in ipairs(first and { first } or clients.all()) do
    local page, problem = clients.ask(client, "weir/virtualDocument", { uri = uri })
    if page then
      origins[uri] = client.id
      return page.text
    end
    reason = problem
  end
  return nil, reason
end

local function fill(buffer, uri)
  local text, reason = text_of(uri)
  local lines = vim.split(text or reason, "\n", { plain = true })
  if lines[#lines] == "" then
    table.remove(lines)
  end
  vim.bo[buffer].readonly = false
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].modified = false
  vim.bo[buffer].readonly = true
end

-- Fills the buffer of a page: what `BufReadCmd` is for.
function M.read(buffer)
  local uri = M.uri_of(vim.api.nvim_buf_get_name(buffer))
  vim.bo[buffer].swapfile = false
  vim.bo[buffer].undolevels = -1
  vim.bo[buffer].buftype = "nowrite"
  fill(buffer, uri)
  vim.bo[buffer].filetype = filetype(uri)
end

local function window_of_pages()
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if M.uri_of(vim.api.nvim_buf_get_name(vim.api.nvim_win_get_buf(window))) then
      return window
    end
  end
end

-- Shows a page in the window of pages, or beside the program.
function M.show(uri, client_id)
  origins[uri] = client_id
  local window = window_of_pages()
  if window then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd("vsplit")
  end
  local buffer = vim.fn.bufadd(uri)
  vim.bo[buffer].buflisted = true
  local is_loaded = vim.api.nvim_buf_is_loaded(buffer)
  vim.api.nvim_win_set_buf(0, buffer)
  if is_loaded then
    fill(buffer, uri)
  end
end

-- Asks for the text of pages again: of one, or of all that are seen.
function M.refresh(uri, client_id)
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    local buffer = vim.api.nvim_win_get_buf(window)
    local own = M.uri_of(vim.api.nvim_buf_get_name(buffer))
    if own and (not uri or uri == own) then
      origins[own] = client_id or origins[own]
      fill(buffer, own)
    end
  end
end

return M
