-- What people do in an editor, done to a copy of the online shop. Every wait is for a condition.
local PATIENCE = 20000

local function say(line)
  io.stderr:write(line .. "\n")
end

local function wait_for(what, condition)
  local value
  local is_there = vim.wait(PATIENCE, function()
    value = condition()
    return value
  end, 20)
  if not is_there then
    error("waited in vain for " .. what, 0)
  end
  return value
end

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
end

local function assert_contains(whole, part)
  if not whole:find(part, 1, true) then
    error(("`%s` is not in:\n%s"):format(part, whole), 0)
  end
end

-- Puts the cursor on the first occurrence of a word of a line.
local function go_to(line, word)
  vim.fn.cursor(1, 1)
  local row = vim.fn.search("\\V" .. vim.fn.escape(line, "\\"), "cW")
  assert(row > 0, "there is no line `" .. line .. "`")
  local column = vim.fn.getline(row):find(word, 1, true)
  vim.fn.cursor(row, column)
end

local function append(line)
  vim.api.nvim_buf_set_lines(0, -1, -1, false, { line })
end

local function remove_last_line()
  vim.api.nvim_buf_set_lines(0, -2, -1, false, {})
end

local function diagnostics(code)
  local found = vim.tbl_filter(function(diagnostic)
    local own = diagnostic.code
    if not own then
      own = vim.tbl_get(diagnostic, "user_data", "lsp", "code")
    end
    return own == code
  end, vim.diagnostic.get(0))
  return found
end

-- The answer to a question about the place of the cursor.
local function ask(method, more)
  local client = require("weir.clients").current()
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  local answer, problem =
    require("weir.clients").ask(client, method, vim.tbl_extend("force", params, more or {}))
  if problem then
    error(method .. ": " .. tostring(problem), 0)
  end
  return answer
end

local program

local steps = {
  {
    "a file in Weir starts the server",
    function()
      vim.cmd("edit shop.weir")
      program = vim.api.nvim_get_current_buf()
      assert(vim.bo.filetype == "weir", "the filetype is `" .. vim.bo.filetype .. "`")
      assert(vim.bo.commentstring == "# %s", "comments begin with `" .. vim.bo.commentstring .. "`")
      local client = wait_for("the client", require("weir.clients").current)
      assert(vim.fn.resolve(client.config.root_dir) == vim.fn.resolve(vim.fn.getcwd()), client.config.root_dir)
    end,
  },
  {
    "its status is told",
    function()
      local status = wait_for("a status that is ready", function()
        local status = vim.g.weir_status
        return status and status.state == "ready" and status
      end)
      assert(status.workloads > 0, "no workloads are known")
      assert(require("weir").status() == "test networkpolicy", require("weir").status())
    end,
  },
  {
    "an unknown name is told, and what is right is not",
    function()
      append("shop/wbe may reach data/orders:5432;")
      local found = wait_for("E0201", function()
        local found = diagnostics("E0201")
        return #found > 0 and found
      end)
      assert(found[1].lnum == vim.fn.line("$") - 1, "it is told of line " .. found[1].lnum)
      remove_last_line()
      wait_for("E0201 to go", function()
        return #diagnostics("E0201") == 0
      end)
    end,
  },
  {
    "completion knows workloads",
    function()
      append("shop/")
      vim.fn.cursor(vim.fn.line("$"), 6)
      local answer = ask("textDocument/completion", {
        -- Behind the `/`, where the cursor of normal mode cannot stand.
        position = { line = vim.fn.line("$") - 1, character = 5 },
      })
      local labels = vim.tbl_map(function(item)
        return item.label
      end, answer.items or answer)
      assert(#vim.tbl_filter(function(label)
        return label:find("checkout", 1, true)
      end, labels) > 0, "`checkout` is not among: " .. table.concat(labels, ", "))
      remove_last_line()
    end,
  },
  {
    "hover tells of ports",
    function()
      go_to("internet may reach shop/web:80;", "web")
      assert_contains(ask("textDocument/hover").contents.value, "ports")
    end,
  },
  {
    "a name is renamed where it is declared and where it is used",
    function()
      go_to("let backend =", "backend")
      vim.lsp.buf.rename("inner")
      wait_for("the name to change", function()
        return not text():find("backend", 1, true)
      end)
      assert_contains(text(), "let inner = shop/api, shop/worker;")
      assert_contains(text(), "inner may reach data/orders:5432")
      assert_contains(text(), "shop/web, inner may reach data/cache:6379;")
    end,
  },
  {
    "a file is formatted",
    function()
      append("shop/api   may reach data/cache : 6379 ;")
      if vim.lsp.buf.format then
        vim.lsp.buf.format({ timeout_ms = PATIENCE })
      else
        vim.lsp.buf.formatting_sync(nil, PATIENCE)
      end
      assert_contains(text(), "\nshop/api may reach data/cache:6379;")
      remove_last_line()
    end,
  },
  {
    "lines are indented as they are formatted",
    function()
      local before = text()
      vim.cmd("silent normal! gg=G")
      assert(text() == before, "indented otherwise:\n" .. text())
    end,
  },
  {
    ":WeirYaml shows what a sentence becomes",
    function()
      go_to("internet may reach shop/web:80;", "web")
      vim.cmd("WeirYaml")
      wait_for("the page", function()
        return vim.bo.filetype == "yaml"
      end)
      assert_contains(vim.api.nvim_buf_get_name(0), "weir:/yaml/")
      assert_contains(text(), "kind: NetworkPolicy")
      assert(not vim.bo.modifiable, "the page can be changed")
      vim.cmd("close")
    end,
  },
  {
    ":WeirYamlFile shows what the file becomes",
    function()
      vim.cmd("WeirYamlFile")
      wait_for("the page", function()
        return vim.bo.filetype == "yaml"
      end)
      assert_contains(text(), "namespace: data")
    end,
  },
  {
    "a page follows the program when it is saved",
    function()
      local page = vim.api.nvim_get_current_buf()
      vim.cmd("wincmd p")
      append("ops/prometheus may reach data/cache:6379;")
      vim.cmd("silent write")
      local function shown()
        local lines = vim.api.nvim_buf_get_lines(page, 0, -1, false)
        return table.concat(lines, "\n"):find("ops/prometheus may reach data/cache", 1, true)
      end
      wait_for("the page to have the sentence", shown)
      remove_last_line()
      vim.cmd("silent write")
      wait_for("the page to have it no more", function()
        return not shown()
      end)
      vim.cmd("wincmd p")
    end,
  },
  {
    ":WeirTarget makes it another format",
    function()
      vim.cmd("WeirTarget cilium")
      vim.cmd("close")
      assert(vim.api.nvim_get_current_buf() == program, "the program is not in the other window")
      vim.cmd("WeirYaml")
      wait_for("the page", function()
        return vim.bo.filetype == "yaml"
      end)
      assert_contains(text(), "kind: CiliumNetworkPolicy")
      vim.cmd("close")
      vim.cmd("WeirTarget!")
      vim.cmd("WeirCluster test")
    end,
  },
  {
    ":WeirReach shows who may reach a workload",
    function()
      go_to("internet may reach shop/web:80;", "web")
      vim.cmd("WeirReach incoming")
      wait_for("the page", function()
        return vim.bo.filetype == "markdown"
      end)
      assert_contains(text(), "internet")
      vim.cmd("close")
    end,
  },
  {
    "pages of codes and of the library are opened by name",
    function()
      vim.cmd("edit weir:/errors/E0201.md")
      assert_contains(text(), "# E0201")
      vim.cmd("edit weir:/std/kubernetes.weir")
      assert_contains(text(), "export")
      assert(vim.bo.filetype == "weir", "the filetype is `" .. vim.bo.filetype .. "`")
      vim.cmd("buffer " .. program)
    end,
  },
  {
    "a definition is in the manifest",
    function()
      go_to("ops/backup may reach", "backup")
      vim.lsp.buf.definition()
      wait_for("the manifest", function()
        return vim.api.nvim_get_current_buf() ~= program
      end)
      assert_contains(vim.api.nvim_buf_get_name(0), "manifests/ops.yaml")
      local around = vim.api.nvim_buf_get_lines(0, math.max(vim.fn.line(".") - 6, 0), vim.fn.line(".") + 6, false)
      assert_contains(table.concat(around, "\n"), "name: backup")
    end,
  },
}

-- Notices of Neovim and of the server would stand between the lines.
vim.notify = function(message, level)
  if level == vim.log.levels.ERROR then
    error(message, 0)
  end
end
vim.o.hidden = true
vim.o.more = false
vim.o.shortmess = vim.o.shortmess .. "FW"
vim.opt.runtimepath:prepend(vim.env.WEIR_PLUGIN)
vim.cmd("runtime! plugin/weir.lua")
vim.cmd("filetype plugin indent on")
vim.cmd("syntax on")
require("weir").setup({ cmd = { vim.env.WEIR_LSP } })

local has_failed = false
for _, step in ipairs(steps) do
  local is_well, problem = xpcall(step[2], function(problem)
    return type(problem) == "string" and problem or debug.traceback(vim.inspect(problem))
  end)
  say((is_well and "ok - " or "not ok - ") .. step[1])
  if not is_well then
    say(problem)
    has_failed = true
    break
  end
end
vim.cmd(has_failed and "cquit 1" or "qall!")
