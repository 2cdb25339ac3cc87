-- Commands, and pages of the server as buffers.
if vim.g.loaded_weir then
  return
end
vim.g.loaded_weir = 1

local function command(name, about, run, more)
  local options = vim.tbl_extend("error", { desc = about }, more or {})
  vim.api.nvim_create_user_command(name, function(given)
    run(require("weir.commands"), given)
  end, options)
end

local function completes(what)
  return function(start)
    return require("weir.commands").complete(what, start)
  end
end

command("WeirYaml", "The objects that the sentence at the cursor becomes", function(commands)
  commands.yaml()
end)
command("WeirYamlFile", "The objects that the file becomes", function(commands)
  commands.yaml_of_file()
end)
command("WeirReach", "Who may reach what is at the cursor, or what it may reach", function(commands, given)
  commands.reach(given.args)
end, {
  nargs = "?",
  complete = function()
    return { "incoming", "outgoing" }
  end,
})
command("WeirCluster", "In which cluster names are looked up", function(commands, given)
  commands.cluster(given.args, given.bang)
end, { nargs = "?", bang = true, complete = completes("cluster") })
command("WeirTarget", "For which format YAML is shown", function(commands, given)
  commands.target(given.args, given.bang)
end, { nargs = "?", bang = true, complete = completes("target") })

local group = vim.api.nvim_create_augroup("weir", { clear = true })
vim.api.nvim_create_autocmd("BufReadCmd", {
  group = group,
  pattern = { "weir:/*", "*/weir:/*" },
  callback = function(event)
    require("weir.pages").read(event.buf)
  end,
})
-- Pages follow what is saved; where the server tells of a change, they follow that, too.
vim.api.nvim_create_autocmd("BufWritePost", {
  group = group,
  pattern = { "*.weir", "weir.toml" },
  callback = function()
    require("weir.pages").refresh()
  end,
})
