-- Keeps text text in GitHub's Markdown, where pandoc's own escaping is for paragraphs of known words: after a line break
-- "1." and "-" begin lists there, "&amp;" turns into "&", and a bare address or "name@host" into a link. HTML and PDF are left alone.

local other = FORMAT:match("html") or FORMAT:match("typst")

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

local function text(element)
  if other or not element.text:find("[^%w\128-\255]") then
    return nil
  end
  local made = escaped(element.text)
  if made ~= element.text then
    return pandoc.RawInline("markdown", made)
  end
end

return { { Str = text } }
