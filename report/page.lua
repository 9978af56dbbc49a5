-- What every page gets, whoever renders it: the badge that its metadata name, figures as part of the page, and links to pages
-- of the same format.
--
--   badge: ...                in the metadata: at the top of the page; in a PDF at the head of every sheet
--   ![...](x.svg)             in HTML becomes an element of the page, so that its marks have hover texts and follow dark and light
--   [...](page.md)            in a PDF leads to page.pdf

local html = FORMAT:match("html") ~= nil
local typst = FORMAT:match("typst") ~= nil

-- A string of typst's that holds `text`, whatever is in it.
local function quoted(text)
  return '"' .. text:gsub('[\\"]', "\\%0"):gsub("%c", " ") .. '"'
end

local function badge(document)
  local found = document.meta.badge
  if not found then
    return nil
  end
  local words = pandoc.utils.stringify(found)
  if typst then
    local head = pandoc.MetaBlocks({
      pandoc.RawBlock("typst", "#set page(header: align(right, text(8pt, strong(" .. quoted(words) .. "))))"),
    })
    local others = document.meta["header-includes"]
    if not others then
      others = pandoc.MetaList({})
    elseif pandoc.utils.type(others) ~= "List" then
      others = pandoc.MetaList({ others })
    end
    others[#others + 1] = head
    document.meta["header-includes"] = others
  elseif html and quarto then -- else the template has it
    document.blocks:insert(1, pandoc.Div({ pandoc.Plain(words) }, pandoc.Attr("", { "badge" }, { { "role", "note" } })))
  elseif not html then
    document.blocks:insert(1, pandoc.Para({ pandoc.Strong(words) }))
  end
  return document
end

local function image(element)
  if html and element.src:match("%.svg$") then
    element.classes:insert("inline-svg")
    return element
  end
end

local function link(element)
  if typst and not element.target:match("^%a[%w+.-]*:") then
    local page = element.target:match("^([^#]+)%.md")
    if page then
      element.target = page .. ".pdf"
      return element
    end
  end
end

return { { Pandoc = badge }, { Image = image, Link = link } }
