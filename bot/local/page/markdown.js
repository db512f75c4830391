// The `markdown` block: the parts of Markdown that Slack shows, as elements.

import { el } from "./dom.js";
import { link } from "./mrkdwn.js";
import { drawRows } from "./table.js";

const FENCE = /^```/;
const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;
const RULE = /^\s*([-*_])(?:\s*\1){2,}\s*$/;
const EDGE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const INLINE =
  /`([^`]+)`|!?\[([^\]]*)\]\(([^()\s]+)\)|<((?:https?|mailto):[^<>\s]+)>|(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\5|(?<![\p{L}\p{N}])([*_])(?=\S)(.+?)(?<=\S)\7(?![\p{L}\p{N}])|\\([\\`*_~[\]#>|-])/gu;
const TAGS = { "**": "b", __: "b", "~~": "s", "*": "i", _: "i" };

/** The parts of a Markdown text, as nodes. */
export function markdown(text) {
  const rows = text.replace(/\r\n?/g, "\n").split("\n");
  const nodes = [];
  while (rows.length) nodes.push(...part(rows));
  return nodes;
}

/** Take one part off the front of `rows`. */
function part(rows) {
  const [row, next] = rows;
  if (!row.trim()) return rows.shift() && [];
  if (FENCE.test(row)) return [fenced(rows)];
  if (/^#{1,6}\s/.test(row)) return [heading(rows.shift())];
  if (RULE.test(row)) return rows.shift() && [el("hr", { class: "b-divider" })];
  if (/^\s*>/.test(row))
    return [
      el(
        "blockquote",
        { class: "b-quote" },
        markdown(
          taken(rows, (one) => /^\s*>/.test(one))
            .map((one) => one.replace(/^\s*> ?/, ""))
            .join("\n"),
        ),
      ),
    ];
  if (ITEM.test(row)) return [list(taken(rows, (one) => ITEM.test(one) || /^\s+\S/.test(one)))];
  if (row.includes("|") && next && EDGE.test(next)) return [table(taken(rows, (one) => one.includes("|")))];
  return [el("p", { class: "b-paragraph" }, paragraph(rows))];
}

function taken(rows, belongs) {
  const end = rows.findIndex((row) => !belongs(row));
  return rows.splice(0, end < 0 ? rows.length : end);
}

function fenced(rows) {
  rows.shift();
  const inside = taken(rows, (row) => !FENCE.test(row));
  rows.shift();
  return el("pre", { class: "b-pre" }, inside.join("\n"));
}

const heading = (row) => el("h3", { class: "b-header" }, spans(row.replace(/^#+\s+|\s+#*$/g, "")));

function paragraph(rows) {
  const ends = (row) => !row.trim() || FENCE.test(row) || /^#{1,6}\s|^\s*>/.test(row) || ITEM.test(row) || RULE.test(row);
  const inside = [rows.shift(), ...taken(rows, (row) => !ends(row))];
  return inside.flatMap((row, at) => [...(at ? [el("br")] : []), ...spans(row.trim())]);
}

/** Items of a list; what is further in than the first belongs to the item above it. */
function list(rows) {
  const ordered = /^\s*\d/.test(rows[0]);
  const margin = ITEM.exec(rows[0])[1].length;
  const items = [];
  while (rows.length) {
    const [, , , words] = ITEM.exec(rows.shift());
    const deeper = taken(rows, (row) => !ITEM.test(row) || ITEM.exec(row)[1].length > margin);
    items.push(el("li", {}, spans(words), deeper.length ? nested(deeper) : null));
  }
  return el(ordered ? "ol" : "ul", { class: "b-list b-list-0" }, items);
}

const nested = (rows) => (ITEM.test(rows[0]) ? list(rows) : rows.flatMap((row) => [el("br"), ...spans(row.trim())]));

function table([head, edge, ...rows]) {
  const cells = (row) =>
    row
      .trim()
      .replace(/^\||\|$/g, "")
      .split("|")
      .map((cell) => cell.trim());
  const columns = cells(edge).map((one) => ({ align: align(one), is_wrapped: true }));
  return drawRows(
    [head, ...rows].map((row) => cells(row).map(spans)),
    columns,
  );
}

function align(edge) {
  if (!edge.endsWith(":")) return "left";
  return edge.startsWith(":") ? "center" : "right";
}

function spans(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    nodes.push(text.slice(from, found.index), span(found));
    from = found.index + found[0].length;
  }
  return [...nodes, text.slice(from)].filter((node) => node !== "");
}

function span([, code, label, url, address, strong, inStrong, soft, inSoft, escaped]) {
  if (code !== undefined) return el("code", { class: "b-code" }, code);
  if (url !== undefined) return link(url, label || url);
  if (address !== undefined) return link(address, address);
  if (escaped !== undefined) return escaped;
  return el(TAGS[strong ?? soft], {}, spans(inStrong ?? inSoft));
}
