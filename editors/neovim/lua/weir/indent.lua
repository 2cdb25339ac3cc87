-- Where a line begins, as `weir fmt` would have it: deeper in a block, and deeper where a statement goes on.
local M = {}

-- What a line says, without its texts and its comment.
local function code(number)
  local line = vim.fn.getline(number):gsub('"[^"]*"', '""'):gsub("#.*", "")
  return (line:gsub("%s+$", ""))
end

-- The line above that says something, or 0.
local function above(number)
  repeat
    number = vim.fn.prevnonblank(number - 1)
  until number == 0 or code(number) ~= ""
  return number
end

local function ends(number)
  return code(number):match("[;{}]$")
end

function M.of(number)
  local before = above(number)
  if before == 0 then
    return 0
  end
  local first, higher = before, above(before)
  while higher ~= 0 and not ends(higher) do
    first, higher = higher, above(higher)
  end
  local indent = vim.fn.indent(first)
  local last = ends(before)
  if last == "{" or not last then
    indent = indent + vim.fn.shiftwidth()
  end
  if code(number):match("^%s*[})]") then
    indent = indent - vim.fn.shiftwidth()
  end
  return math.max(indent, 0)
end

return M
