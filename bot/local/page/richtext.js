// Slack's rich_text blocks as elements.

import { dateWords } from "./dates.js";
import { el } from "./dom.js";
import { broadcast, channel, lines, link, mention, person } from "./mrkdwn.js";

const PARTS = {
  rich_text_section: (part, options) => el("div", { class: "b-rich" }, run(part, options)),
  rich_text_quote: (part, options) => el("blockquote", { class: "b-quote" }, run(part, options)),
  rich_text_preformatted: (part, options) => el("pre", { class: "b-pre" }, run(part, options)),
  rich_text_list: list,
};

const PIECES = {
  text: (piece) => lines(piece.text),
  link: (piece) => [link(piece.url, piece.text || piece.url)],
  user: (piece, options) => [person(piece.user_id, null, options)],
  channel: (piece, options) => [channel(piece.channel_id, null, options)],
  usergroup: (piece, { names = {} }) => [mention(`@${names[piece.usergroup_id] ?? piece.usergroup_id}`)],
  team: (piece, { names = {} }) => [mention(`@${names[piece.team_id] ?? piece.team_id}`)],
  broadcast: (piece) => [broadcast(piece.range)],
  emoji: (piece) => [piece.unicode ? sign(piece.unicode) : `:${piece.name}:`],
  color: (piece) => [swatch(piece.value), piece.value],
  date: (piece, options) => {
    const words = dateWords(piece.timestamp, piece.format, piece.fallback ?? "", options);
    return [piece.url ? link(piece.url, words) : words];
  },
};

const STYLES = [
  ["code", "code", "b-code"],
  ["bold", "b"],
  ["italic", "i"],
  ["strike", "s"],
  ["underline", "u"],
  ["highlight", "mark"],
];

/** The parts of a rich_text block, as nodes; a part of a kind unknown here is left as a line with its name. */
export const richText = (block, options) =>
  block.elements.map((part) => PARTS[part.type]?.(part, options) ?? el("p", {}, part.type));

const run = (part, options) =>
  part.elements.flatMap((piece) => dressed(piece, PIECES[piece.type]?.(piece, options) ?? [piece.type]));

function dressed(piece, nodes) {
  const worn = STYLES.filter(([style]) => piece.style?.[style]);
  return worn.reduce((inner, [, tag, name]) => [el(tag, { class: name }, inner)], nodes);
}

/** Lists inside lists come as neighbours with a deeper indent. */
function list(part, options) {
  const ordered = part.style === "ordered";
  const level = `b-list b-list-${Math.min(part.indent ?? 0, 8)}${part.border ? " b-bordered" : ""}`;
  const start = ordered && part.offset ? part.offset + 1 : null;
  return el(
    ordered ? "ol" : "ul",
    { class: level, start },
    part.elements.map((item) => el("li", {}, run(item, options))),
  );
}

const sign = (codes) => String.fromCodePoint(...codes.split("-").map((code) => parseInt(code, 16)));

function swatch(value) {
  const square = el("span", { class: "b-swatch" });
  square.style.backgroundColor = value;
  return square;
}
