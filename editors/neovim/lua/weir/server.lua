-- The client of the language server: one for each project, from Neovim 0.7 on.
local pages = require("weir.pages")

local M = {}

-- By folder, where Neovim does not keep clients itself (before 0.8).
local started = {}

-- The folder of the nearest `weir.toml`, else that of the repository, else that of the file.
local function root_of(path)
  local own = vim.fn.fnamemodify(path, ":p:h")
  for _, mark in ipairs({ "weir.toml", ".git" }) do
    local folder = own
    while true do
      if (vim.uv or vim.loop).fs_stat(folder .. "/" .. mark) then
        return folder
      end
      local parent = vim.fn.fnamemodify(folder, ":h")
      if parent == folder then
        break
      end
      folder = parent
    end
  end
  return own
end

local function without_null(value)
  return value ~= vim.NIL and value or nil
end

local handlers = {}

handlers["weir/status"] = function(_, status)
  vim.g.weir_status = {
    state = status.state,
    message = status.message,
    cluster = without_null(status.cluster),
    target = status.target,
    workloads = status.workloads,
  }
  vim.cmd("silent doautocmd <nomodeline> User WeirStatus")
  vim.cmd("redrawstatus")
end

handlers["weir/virtualDocumentChanged"] = function(_, changed, context)
  pages.refresh(changed.uri, context.client_id)
end

-- Neovim shows documents itself since 0.8; those of the server are not files, and want a window beside the program.
handlers["window/showDocument"] = function(problem, shown, context)
  if vim.startswith(shown.uri, "weir:") then
    pages.show(shown.uri, context.client_id)
    return { success = true }
  end
  local usual = vim.lsp.handlers["window/showDocument"]
  return usual and usual(problem, shown, context) or { success = false }
end

local function capabilities(more)
  local own = { window = { showDocument = { support = true } } }
  return vim.tbl_deep_extend("force", vim.lsp.protocol.make_client_capabilities(), own, more or {})
end

local function attached(client, buffer)
  -- Neovim does so itself since 0.8.
  if vim.fn.has("nvim-0.8") == 0 then
    vim.bo[buffer].omnifunc = "v:lua.vim.lsp.omnifunc"
    vim.bo[buffer].tagfunc = "v:lua.vim.lsp.tagfunc"
    vim.bo[buffer].formatexpr = "v:lua.vim.lsp.formatexpr()"
  end
  local on_attach = require("weir").options.on_attach
  if on_attach then
    on_attach(client, buffer)
  end
end

function M.start(buffer)
  local options = require("weir").options
  buffer = (buffer and buffer ~= 0) and buffer or vim.api.nvim_get_current_buf()
  local path = vim.api.nvim_buf_get_name(buffer)
  -- What was never saved has no project, and what is no file is not edited.
  if path == "" or vim.bo[buffer].buftype ~= "" then
    return nil
  end
  if vim.fn.executable(options.cmd[1]) == 0 then
    local hint = "weir: there is no `%s`; `cargo install --path lsp` builds it"
    vim.notify_once(hint:format(options.cmd[1]), vim.log.levels.WARN)
    return nil
  end
  local settings = next(options.settings) and options.settings or vim.empty_dict()
  local root = root_of(path)
  local config = {
    name = "weir",
    cmd = options.cmd,
    root_dir = root,
    workspace_folders = { { uri = vim.uri_from_fname(root), name = vim.fn.fnamemodify(root, ":t") } },
    settings = { weir = settings },
    init_options = settings,
    handlers = handlers,
    capabilities = capabilities(options.capabilities),
    on_attach = attached,
  }
  if vim.lsp.start then
    return vim.lsp.start(config, { bufnr = buffer })
  end
  if not started[root] or not vim.lsp.get_client_by_id(started[root]) then
    config.on_exit = function()
      started[root] = nil
    end
    started[root] = vim.lsp.start_client(config)
  end
  if started[root] then
    vim.lsp.buf_attach_client(buffer, started[root])
  end
  return started[root]
end

return M
