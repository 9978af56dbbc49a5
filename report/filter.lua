-- Gives pandoc what Quarto gives the report: numbered cross-references to figures, tables and sections, callouts,
-- alternative texts, and boxes that wide tables scroll in. It handles what the templates here use and no more.
--
--   ![Caption](path){#fig-x fig-alt="..."}          a figure of its own, numbered
--   ::: {#tbl-x} ... Caption as last paragraph :::   a table, numbered
--   @fig-x  @tbl-x                                   a link: Figure 1, Table 2
--   ::: {.callout-note title="..."} ... :::          a callout: note, tip, important, warning, caution
--   [...]{.content-visible when-format="html"}       only in HTML; unless-format="html": only in Markdown and PDF
--   ::: {.example}  ::: {.said dir="auto"}           boxes, and texts from outside, which Markdown shows as they are
--   []{#x}                                           a place that links can lead to
--
-- For PDF it calls the functions of document.typ. Their arguments are written here, their content by pandoc, which escapes it.

local kinds = { fig = "Figure", tbl = "Table" }
local callouts = { note = true, tip = true, important = true, warning = true, caution = true }
local html = FORMAT:match("html") ~= nil
local typst = FORMAT:match("typst") ~= nil
local numbers = {}

local function kind_of(identifier)
  return kinds[identifier:match("^(%a+)%-")]
end

-- First walk: number figures and tables, each kind in the order of the document.
local function number_all(document)
  local counted = { fig = 0, tbl = 0 }
  local function number(element)
    local prefix = element.identifier:match("^(%a+)%-")
    if kinds[prefix] then
      if numbers[element.identifier] then
        error("two elements are called " .. element.identifier)
      end
      counted[prefix] = counted[prefix] + 1
      numbers[element.identifier] = counted[prefix]
    end
  end
  document:walk({ traverse = "topdown", Div = number, Image = number, Figure = number })
  return document
end

local function label(identifier)
  return kind_of(identifier) .. "\u{a0}" .. numbers[identifier]
end

local function reference(cite)
  local made = pandoc.Inlines({})
  for place, citation in ipairs(cite.citations) do
    if not kind_of(citation.id) then
      error("@" .. citation.id .. " refers to nothing that can be numbered")
    end
    if not numbers[citation.id] then
      error("@" .. citation.id .. " refers to nothing in this document")
    end
    if place > 1 then
      made:insert(pandoc.Str(", "))
    end
    made:insert(pandoc.Link(label(citation.id), "#" .. citation.id))
  end
  return made
end

local function captioned(identifier, caption)
  local start = pandoc.Inlines({ pandoc.Strong(label(identifier)), pandoc.Str("."), pandoc.Space() })
  start:extend(caption)
  return start
end

-- Blocks as arguments of a function of document.typ, which may have others before them.
local function called(name, arguments, ...)
  local start = "#" .. name .. "(" .. table.concat(arguments, ", ") .. ")["
  local made = pandoc.Blocks({ pandoc.RawBlock("typst", start) })
  for place, content in ipairs({ ... }) do
    if place > 1 then
      made:insert(pandoc.RawBlock("typst", "]["))
    end
    made:extend(content)
  end
  made:insert(pandoc.RawBlock("typst", "]"))
  return made
end

-- A string of typst's that holds `text`, whatever is in it.
local function quoted(text)
  return '"' .. text:gsub('[\\"]', "\\%0"):gsub("%c", " ") .. '"'
end

-- What links lead to, after the element that has it.
local function label_of(identifier)
  return "#label(" .. quoted(identifier) .. ")"
end

-- Where HTML has an identifier, Markdown gets an empty anchor.
local function anchor(identifier)
  return pandoc.RawInline("html", '<a id="' .. identifier .. '"></a>')
end

local function figure(element)
  local image = element.content[1] and element.content[1].content and element.content[1].content[1]
  if #element.content ~= 1 or not image or image.t ~= "Image" then
    return nil
  end
  local identifier = element.identifier ~= "" and element.identifier or image.identifier
  if not numbers[identifier] then
    return nil
  end
  local text = image.attributes["fig-alt"]
  if not text or text == "" then
    error(identifier .. " has no fig-alt")
  end
  local caption = captioned(identifier, pandoc.utils.blocks_to_inlines(element.caption.long))
  image.identifier = ""
  image.attributes = {}
  image.caption = pandoc.Inlines({ pandoc.Str(text) })
  image.title = ""
  if html then
    return pandoc.Figure(pandoc.Plain({ image }), { long = { pandoc.Plain(caption) } }, pandoc.Attr(identifier))
  end
  if typst then
    local made = called("drawn", { quoted(image.src), quoted(text) }, { pandoc.Plain(caption) })
    made[#made] = pandoc.RawBlock("typst", "]" .. label_of(identifier))
    return made
  end
  return { pandoc.Para({ anchor(identifier), image }), pandoc.Para(caption) }
end

-- How wide the longest line of these inlines is, in characters, and their longest word.
local function widths(inlines)
  local longest, word, line, size = 0, 0, {}, 1
  local function line_ends()
    local text = pandoc.utils.stringify(pandoc.Inlines(line))
    longest = math.max(longest, math.ceil(size * (utf8.len(text) or #text)))
    for part in text:gmatch("%S+") do
      word = math.max(word, utf8.len(part) or #part)
    end
    line = {}
  end
  for _, inline in ipairs(inlines) do
    if inline.t == "LineBreak" then
      line_ends()
      size = 0.86 -- an interval stands below its figure, in smaller letters
    else
      table.insert(line, inline)
    end
  end
  line_ends()
  return longest, word
end

-- In points, of a sheet of A4 between its margins.
local UPRIGHT, FLIPPED = 504, 750
local INSET = 5
local LARGEST, SMALLEST, UPRIGHT_SMALLEST = 9, 4.5, 5.6
-- Of a character, on average, in parts of the size of the letters.
local CHARACTER = 0.47
-- In characters: how wide a column of figures needs to be at most, and one of words; the second where the first doesn't fit.
local WIDEST = { { figures = 24, words = 30 }, { figures = 12, words = 14 } }
local HEADER_LINES = 4
local LONGEST_WORD = 40 -- longer ones are broken

-- How many characters each column needs where lines may break after `widest` of them, and would like to have.
local function columns(found, widest)
  local needs, wants = {}, {}
  for place, spec in ipairs(found.colspecs) do
    local most = spec[1] == "AlignRight" and widest.figures or widest.words
    local need, want = 3, 0
    local function look(row, header)
      local cell = row.cells[place]
      for _, block in ipairs(cell and cell.contents or {}) do
        if block.content and (block.t == "Plain" or block.t == "Para") then
          local longest, word = widths(block.content)
          want = math.max(want, longest)
          longest = header and math.ceil(longest / HEADER_LINES) or math.min(longest, most)
          local marks = block.content:find_if(function(inline) return inline.t == "RawInline" end) and 1 or 0
          need = math.max(need, longest + marks, math.min(word, LONGEST_WORD) + 1)
        end
      end
    end
    for _, row in ipairs(found.head.rows) do
      look(row, true)
    end
    for _, body in ipairs(found.bodies) do
      for _, row in ipairs(body.body) do
        look(row, false)
      end
    end
    needs[place], wants[place] = need, math.max(want, need)
  end
  return needs, wants
end

local function sum(all)
  local made = 0
  for _, one in ipairs(all) do
    made = made + one
  end
  return made
end

-- Gives each column of a table a share of the sheet by what it holds, and finds the size of letters at which all of them fit.
local function fitted(found)
  local needs, wants
  local function size_on(room)
    return math.min(LARGEST, (room - INSET * #needs) / (sum(needs) * CHARACTER))
  end
  local room, size
  for _, widest in ipairs(WIDEST) do
    needs, wants = columns(found, widest)
    room, size = UPRIGHT, size_on(UPRIGHT)
    if size >= UPRIGHT_SMALLEST then
      break
    end
  end
  if size < UPRIGHT_SMALLEST then
    room, size = FLIPPED, math.max(SMALLEST, size_on(FLIPPED))
  end
  -- What is left of the sheet goes to columns that have more to say in a line.
  local spare, wanted = (room - INSET * #needs) / (CHARACTER * size) - sum(needs), sum(wants) - sum(needs)
  local share = wanted > 0 and math.max(0, math.min(1, spare / wanted)) or 0
  for place, need in ipairs(needs) do
    need = need + share * (wants[place] - need)
    found.colspecs[place] = { found.colspecs[place][1], math.min(1, (need * CHARACTER * size + INSET) / room) }
  end
  return size, room == FLIPPED
end

-- What stands before and after a table that needs the long side of the sheet; `sheets` makes it so.
local LONG_SIDE, SHORT_SIDE = "// the long side", "// the short side"
local FEW_ROWS = 15 -- stay on one sheet

local function table_in_pdf(element, caption)
  local size, flipped, rows = LARGEST, false, 0
  local content = element.content:walk({
    Table = function(found)
      size, flipped = fitted(found)
      for _, body in ipairs(found.bodies) do
        rows = rows + #body.body
      end
      return found
    end,
  })
  local arguments = { string.format("%.2fpt", size), tostring(rows > FEW_ROWS) }
  local made = called("data-table", arguments, { pandoc.Plain(caption) }, content)
  made:insert(1, pandoc.RawBlock("typst", "#metadata(none)" .. label_of(element.identifier)))
  if flipped then
    made:insert(1, pandoc.RawBlock("typst", LONG_SIDE))
    made:insert(pandoc.RawBlock("typst", SHORT_SIDE))
  end
  return made
end

-- Turns the sheet for tables that need it, with the headings above them; tables that follow each other share it.
local function sheets(document)
  if not typst then
    return nil
  end
  local made = pandoc.Blocks({})
  local function is_raw(block, text)
    return block and block.t == "RawBlock" and block.text == text
  end
  for _, block in ipairs(document.blocks) do
    if is_raw(block, LONG_SIDE) then
      local at = #made + 1
      while at > 1 and made[at - 1].t == "Header" do
        at = at - 1
      end
      if is_raw(made[at - 1], SHORT_SIDE) then
        made:remove(at - 1)
      else
        made:insert(at, block)
      end
    else
      made:insert(block)
    end
  end
  for _, block in ipairs(made) do
    if is_raw(block, LONG_SIDE) or is_raw(block, SHORT_SIDE) then
      block.text = "#set page(flipped: " .. tostring(block.text == LONG_SIDE) .. ")"
    end
  end
  document.blocks = made
  return document
end

local function table_div(element)
  local last = element.content[#element.content]
  if #element.content < 2 or last.t ~= "Para" then
    error(element.identifier .. " has no caption: its last paragraph is to be one")
  end
  local caption = captioned(element.identifier, last.content)
  element.content:remove(#element.content)
  if typst then
    return table_in_pdf(element, caption)
  end
  -- Pandoc gives columns of long rows a share of the page's width; a column is as wide as what it holds.
  local function widths_off(found)
    found.colspecs = found.colspecs:map(function(spec) return { spec[1], nil } end)
    return found
  end
  local function name_box(box)
    if box.classes:includes("wide") then
      box.attributes["aria-labelledby"] = element.identifier .. "-caption"
      return box
    end
  end
  local content = element.content:walk({ Table = widths_off })
  if html then
    content = content:walk({ Div = name_box })
    local above = pandoc.Div({ pandoc.Plain(caption) }, pandoc.Attr(element.identifier .. "-caption", { "caption" }))
    content:insert(1, above)
    return pandoc.Div(content, pandoc.Attr(element.identifier, { "table" }))
  end
  content:insert(1, pandoc.Para({ anchor(element.identifier), table.unpack(caption) }))
  return content
end

local function callout(element, kind)
  local title = element.attributes.title or (kind:sub(1, 1):upper() .. kind:sub(2))
  if html then
    local classes = { "callout", "callout-" .. kind }
    for _, class in ipairs(element.classes) do
      if not class:match("^callout%-") then
        table.insert(classes, class)
      end
    end
    local content = pandoc.Blocks({ pandoc.Div({ pandoc.Plain(title) }, pandoc.Attr("", { "callout-title" })) })
    content:extend(element.content)
    -- A list of pairs, since the order of a table's keys differs from run to run.
    local attributes = { { "role", "note" }, { "aria-label", title } }
    return pandoc.Div(content, pandoc.Attr("", classes, attributes))
  end
  if typst then
    return called("callout", { quoted(kind) }, { pandoc.Plain(title) }, element.content)
  end
  -- What pandoc writes as GitHub's alert.
  local content = pandoc.Blocks({ pandoc.Div({ pandoc.Para(title) }, pandoc.Attr("", { "title" })) })
  content:insert(pandoc.Para({ pandoc.Strong(title) }))
  content:extend(element.content)
  return pandoc.Div(content, pandoc.Attr("", { kind }))
end

-- Whether the first letter is of a script that reads from the right, as dir="auto" has it in HTML.
local function right_to_left(text)
  for _, code in utf8.codes(text) do
    if (code >= 0x590 and code <= 0x8ff) or (code >= 0xfb1d and code <= 0xfdff) or (code >= 0xfe70 and code <= 0xfeff) then
      return true
    end
    local latin = (code >= 0x41 and code <= 0x5a) or (code >= 0x61 and code <= 0x7a)
    if latin or code >= 0xc0 then
      return false
    end
  end
  return false
end

local function div(element)
  for _, class in ipairs(element.classes) do
    local kind = class:match("^callout%-(%a+)$")
    if kind and callouts[kind] then
      return callout(element, kind)
    end
  end
  if numbers[element.identifier] then
    return table_div(element)
  end
  if typst and element.classes:includes("example") then
    return called("example", {}, element.content)
  end
  if typst and element.classes:includes("said") then
    local name = right_to_left(pandoc.utils.stringify(element)) and "said-from-the-right" or "said"
    return called(name, {}, element.content)
  end
  if not html and element.classes:includes("example") then
    element.content:insert(pandoc.HorizontalRule())
  end
  if not html and (element.classes:includes("example") or element.classes:includes("said")) then
    return element.content
  end
  if element.classes:includes("wide") then
    if not html then
      return element.content
    end
    element.attributes.tabindex = "0" -- so that it can be scrolled by keyboard
    element.attributes.role = "region"
    return element
  end
end

local function code(element)
  element.attributes = {} -- Quarto's, such as shortcodes
  return element
end

-- What Quarto shows in some formats only; all that is asked for here is HTML, or anything but HTML.
local function visible(element)
  local attributes = element.attributes
  if attributes["when-format"] then
    return (attributes["when-format"] == "html") == html
  end
  return (attributes["unless-format"] == "html") ~= html
end

local function span_in_pdf(element)
  local made = element.content
  local state = element.classes:find_if(function(class) return class:match("^state%-") end)
  if state then
    made:insert(1, pandoc.RawInline("typst", "#state(" .. quoted(state:sub(7)) .. ")["))
    made:insert(pandoc.RawInline("typst", "]"))
  elseif element.classes:includes("interval") then
    made:insert(1, pandoc.RawInline("typst", "#interval["))
    made:insert(1, pandoc.LineBreak())
    made:insert(pandoc.RawInline("typst", "]"))
  end
  if element.identifier ~= "" then
    made:insert(1, pandoc.RawInline("typst", "#metadata(none)" .. label_of(element.identifier)))
  end
  return made
end

-- Classes give a span its look; Markdown has none.
local function span(element)
  if element.classes:includes("content-visible") then
    return visible(element) and element.content or {}
  end
  if html then
    return nil
  end
  if typst then
    return span_in_pdf(element)
  end
  if element.identifier ~= "" then
    element.content:insert(1, anchor(element.identifier))
  end
  return element.content
end

-- Markdown keeps no metadata: its title is a heading, and sections stand below it. A PDF has its contents after what comes
-- before the first section.
local function beginning(document)
  if typst then
    local _, first = document.blocks:find_if(function(block) return block.t == "Header" end)
    if first then
      document.blocks:insert(first, pandoc.RawBlock("typst", "#contents()"))
    end
    return document
  end
  if html or not document.meta.title then
    return nil
  end
  local below = document.blocks:walk({
    Header = function(header)
      header.level = header.level + 1
      return header
    end,
  })
  below:insert(1, pandoc.Header(1, pandoc.Inlines(document.meta.title)))
  document.blocks = below
  return document
end

return {
  { Pandoc = number_all },
  { Pandoc = beginning },
  { Cite = reference, Figure = figure, Div = div, CodeBlock = code, Span = span },
  { Pandoc = sheets },
}
