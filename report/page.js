// Sorts and filters the page's tables. The page is whole without it: nothing is shown or fetched that is not there already.
"use strict";

(() => {
  const FEW = 8; // rows that are looked through faster than filtered

  const text = (cell) => (cell ? cell.textContent.trim() : "");

  // The figure that a cell begins with, as in "$1,234.50", "95 % (87 % to 100 %)", "-3 ms", "under 0.001", "∞" or "infinitely
  // late"; NaN where there is none.
  const BEFORE = /^(?:[✓✗?\s]|under |over |about |at least |at most |more than |less than |[<>≤≥~])+/u;
  const figure = (words) => {
    const found = words.replace(BEFORE, "").match(/^([-−+]?)\s*[$€]?\s*(∞|\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?)/iu);
    if (!found) return words.startsWith("infinitely late") ? Infinity : NaN;
    let size = found[2] === "∞" ? Infinity : Number(found[2].replaceAll(",", ""));
    if (/^(?:under|less than|<)/u.test(words)) size *= 1 - 1e-9;
    if (/^(?:over|more than|>)/u.test(words)) size *= 1 + 1e-9;
    return found[1] === "-" || found[1] === "−" ? -size : size;
  };

  const collator = new Intl.Collator("en", { numeric: true });

  // Unknown figures come last, whichever way the others run.
  const compared = (a, b, figures, down) => {
    if (!figures) return (down ? -1 : 1) * collator.compare(a, b);
    const [x, y] = [figure(a), figure(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
    return x === y ? 0 : (down ? -1 : 1) * (x < y ? -1 : 1);
  };

  const sorts = (table, body, rows) => {
    const heads = [...table.tHead.rows[0].cells];
    const buttons = heads.map((head, place) => {
      if (text(head) === "") return null;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const was = head.getAttribute("aria-sort");
        const cells = new Map(rows.map((row) => [row, text(row.cells[place])]));
        const some = [...cells.values()].filter((words) => words !== "");
        const figures = some.some((words) => !Number.isNaN(figure(words))) && head.style.textAlign === "right";
        for (const other of heads) other.removeAttribute("aria-sort");
        if (was === "descending") {
          body.append(...rows); // as the report has them
          return;
        }
        const down = was === "ascending";
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        body.append(...[...rows].sort((a, b) => compared(cells.get(a), cells.get(b), figures, down)));
      });
      return button;
    });
    return buttons.some(Boolean);
  };

  const filters = (box, rows, name) => {
    const bar = document.createElement("div");
    bar.className = "filter";
    const field = document.createElement("input");
    field.type = "search";
    field.placeholder = "Filter rows";
    field.setAttribute("aria-label", `Filter the rows of ${name}`);
    const found = document.createElement("span");
    found.setAttribute("role", "status");
    bar.append(field, found);
    box.before(bar);
    const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    field.addEventListener("input", () => {
      const asked = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        row.hidden = !asked.every((word) => words.get(row).includes(word));
        shown += !row.hidden;
      }
      found.textContent = asked.length ? `${shown} of ${rows.length} rows` : "";
    });
  };

  for (const table of document.querySelectorAll("table")) {
    const body = table.tBodies[0];
    const rows = body ? [...body.rows] : [];
    if (!table.tHead || rows.length < 2) continue;
    const caption = table.closest("[id^='tbl-']")?.querySelector(".caption strong, figcaption");
    sorts(table, body, rows);
    if (rows.length > FEW) {
      filters(table.closest(".wide") ?? table, rows, caption ? text(caption).split(/[.:]/)[0] : "this table");
    }
  }
})();
