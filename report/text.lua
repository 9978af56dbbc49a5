-- Keeps text text where pandoc's own escaping is for paragraphs of known words. In GitHub's Markdown "1." and "-" begin lists
-- after a line break, "&amp;" turns into "&", and a bare address or "name@host" into a link. In typst "1." and "=" begin lists
-- and headings at the start of a table's cell, and "..." and "-?" turn into other characters. HTML is left alone.

local html = FORMAT:match("html") ~= nil
local typst = FORMAT:match("typst") ~= nil

-- Between two characters it breaks an address in two, and shows nothing.
local GAP = "<!-- -->"

local function escaped(text)
  text = text:gsub("[\\`*%[%]<>&|~$]", "\\%0")
  text = text:gsub("()_()", function(before, after)
    local inside = text:find("^%w", before - 1) and text:find("^%w", after)
    return inside and "_" or "\\_"
  end)
  text = text:gsub("^#", "\\#"):gsub("^([-+=])([-+=]*)$", "\\%1%2"):gsub("^(%d+)([.)])$", "%1\\%2")
  text = text:gsub("://", ":" .. GAP .. "//"):gsub("@", "@" .. GAP)
  text = text:gsub("([wW][wW][wW])%.", "%1" .. GAP .. ".")
  text = text:gsub("([mM][aA][iI][lL][tT][oO]):", "%1" .. GAP .. ":"):gsub("([xX][mM][pP][pP]):", "%1" .. GAP .. ":")
  return (text:gsub(":([%w_+-]+:)", "\\:%1"))
end

local LONG = 40

-- Long words may be broken anywhere, after so many characters each.
local function broken(text)
  local length = utf8.len(text)
  if not length or length <= LONG then
    return { text }
  end
  local parts = {}
  for from = 1, length, LONG / 4 do
    local ends = utf8.offset(text, math.min(from + LONG / 4, length + 1))
    table.insert(parts, text:sub(utf8.offset(text, from), ends - 1))
  end
  return parts
end

-- A string is no markup, whatever is in it.
local function in_pdf(element)
  local text = element.text
  if #text <= LONG and text:find("^[%a\128-\255][%w\128-\255]*[,.:;]?$") then
    return nil
  end
  local made = {}
  for _, part in ipairs(broken(text)) do
    table.insert(made, '#"' .. part:gsub('[\\"]', "\\%0"):gsub("%c", " ") .. '";')
  end
  return pandoc.RawInline("typst", table.concat(made, "#sym.zws;"))
end

local function text(element)
  if html then
    return nil
  end
  if typst then
    return in_pdf(element)
  end
  if not element.text:find("[^%w\128-\255]") then
    return nil
  end
  local made = escaped(element.text)
  if made ~= element.text then
    return pandoc.RawInline("markdown", made)
  end
end

return { { Str = text } }
