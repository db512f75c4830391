// Tables: Slack's `table` and `data_table` blocks.

import { el } from "./dom.js";
import { richText } from "./richtext.js";

/** A table of rows of nodes; the first row is the head. `columns`: `{align, is_wrapped}` each, as Slack has them. */
export function drawRows([head, ...rows], columns = [], caption = null, named = null) {
  const cell = (tag, nodes, at, scope) => el(tag, { class: looks(columns[at]), scope }, nodes);
  const table = el(
    "table",
    { class: "b-table" },
    caption ? el("caption", {}, caption) : null,
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        head.map((nodes, at) => cell("th", nodes, at, "col")),
      ),
    ),
    el(
      "tbody",
      {},
      rows.map((row) =>
        el(
          "tr",
          {},
          row.map((nodes, at) => (at === named ? cell("th", nodes, at, "row") : cell("td", nodes, at))),
        ),
      ),
    ),
  );
  return el("div", { class: "b-scroll", tabindex: "0", role: "region", "aria-label": caption ?? "Table" }, table);
}

/** A `table` block. */
export const table = (block, options) => drawRows(cellsOf(block, options), block.column_settings);

/** A `data_table` block: numbers stand to the right. */
export function dataTable(block, options) {
  const columns = (block.rows[1] ?? []).map((cell) => ({ align: cell.type === "raw_number" ? "right" : "left" }));
  return drawRows(cellsOf(block, options), columns, block.caption, block.row_header_column_index ?? 0);
}

const looks = (column) => [`b-${column?.align ?? "left"}`, column?.is_wrapped ? "b-wrapped" : ""].join(" ").trim();

const cellsOf = (block, options) => block.rows.map((row) => row.map((cell) => content(cell, options)));

function content(cell, options) {
  if (cell.type === "rich_text") return richText(cell, options);
  return [cell.text ?? String(cell.value ?? "")];
}
