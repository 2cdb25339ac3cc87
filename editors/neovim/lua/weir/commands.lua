-- What the user's commands do.
local clients = require("weir.clients")

local M = {}

-- What was chosen, by client: the server is told both at once.
local chosen = {}

local function complain(reason)
  vim.notify("weir: " .. reason, vim.log.levels.ERROR)
end

local function client_here()
  local client = clients.all(vim.api.nvim_get_current_buf())[1]
  if not client then
    complain("no language server is at work in this buffer")
  end
  return client
end

local function position(client)
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  return params.position
end

-- Asks for a page; the server has it shown.
local function show(command, more)
  local client = client_here()
  if not client then
    return
  end
  local argument = { uri = vim.uri_from_bufnr(0) }
  for key, value in pairs(more(client)) do
    argument[key] = value
  end
  local _, problem =
    clients.ask(client, "workspace/executeCommand", { command = command, arguments = { argument } })
  if problem then
    complain(problem)
  end
end

-- The objects that the sentence at the cursor becomes.
function M.yaml()
  show("weir.server.showYaml", function(client)
    return { position = position(client) }
  end)
end

-- The objects that the file becomes.
function M.yaml_of_file()
  show("weir.server.showYaml", function()
    return {}
  end)
end

-- Who may reach what is at the cursor, or what it may reach.
function M.reach(direction)
  direction = direction ~= "" and direction or "incoming"
  if direction ~= "incoming" and direction ~= "outgoing" then
    return complain("`" .. direction .. "` is neither `incoming` nor `outgoing`")
  end
  show("weir.server.showReach", function(client)
    return { position = position(client), direction = direction }
  end)
end

-- What there is to choose among, by name, and what is chosen.
local function offered(what)
  local client = clients.current()
  local params = { uri = vim.uri_from_bufnr(0) }
  if not client then
    return nil, "no language server is running"
  end
  local answer, problem = clients.ask(client, "weir/clusters", params)
  if not answer then
    return nil, problem
  end
  if what == "target" then
    return answer.targets, answer.chosen.target, client
  end
  local names = vim.tbl_map(function(cluster)
    return cluster.name
  end, answer.clusters)
  return names, answer.chosen.cluster, client
end

local function tell(client, what, name)
  local choice = chosen[client.id] or {}
  choice[what] = name
  chosen[client.id] = choice
  local told = { cluster = choice.cluster or vim.NIL, target = choice.target or vim.NIL }
  local _, problem = clients.ask(client, "weir/choose", told)
  if problem then
    return complain(problem)
  end
  require("weir.pages").refresh()
end

local function choose(what, name, is_undone)
  local names, current, client = offered(what)
  if not names then
    return complain(current)
  end
  if is_undone then
    return tell(client, what, nil)
  end
  if name ~= "" then
    if not vim.tbl_contains(names, name) then
      return complain(("there is no %s `%s`"):format(what, name))
    end
    return tell(client, what, name)
  end
  if #names == 0 then
    return complain("the program names no cluster: there is no `weir.toml`")
  end
  local options = {
    prompt = what == "target" and "Policy format" or "Cluster",
    format_item = function(item)
      return item == current and item .. " (chosen)" or item
    end,
  }
  vim.ui.select(names, options, function(item)
    if item then
      tell(client, what, item)
    end
  end)
end

-- In which cluster names are looked up.
function M.cluster(name, is_undone)
  choose("cluster", name, is_undone)
end

-- For which format YAML is shown.
function M.target(name, is_undone)
  choose("target", name, is_undone)
end

function M.complete(what, start)
  local names, _, client = offered(what)
  return client and vim.tbl_filter(function(name)
    return vim.startswith(name, start)
  end, names) or {}
end

return M
