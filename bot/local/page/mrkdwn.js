// Slack's text markup as elements. Text from outside only ever becomes a text node, and a link only where it is safe.

import { el } from "./dom.js";
import { dateWords } from "./dates.js";

const SAFE = ["http:", "https:", "mailto:"];
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const TAGS = { "*": "b", _: "i", "~": "s" };
const MARKED = /(?<![\p{L}\p{N}])([*_~])(?!\s|\1)([^\n]*?)(?<!\s)\1(?![\p{L}\p{N}])/gu;
const HELD = /`([^`\n]+)`|<([^<>\n]+)>/g;
const HELD_OR_BARE = /`([^`\n]+)`|<([^<>\n]+)>|(https?:\/\/[^\s<>|]*[^\s<>|.,;:!?'")\]*_~])/g;
const QUOTE = /^(?:&gt;|>) ?/;

/** Slack's escapes (`&amp;`, `&lt;`, `&gt;`) as the characters they stand for. */
export const decoded = (text) => text.replace(/&(?:amp|lt|gt);/g, (one) => ENTITIES[one]);

/** An address one may be led to; null for every scheme but http, https and mailto. */
export function webAddress(url) {
  try {
    return SAFE.includes(new URL(url).protocol) ? url : null;
  } catch {
    return null;
  }
}

/** Where the picture of an image block is: at an address, or uploaded. */
export const pictureAddress = ({ image_url: url, slack_file: file }) =>
  file ? (/^F[A-Z0-9]{8,}$/.test(file.id) ? `file/${file.id}` : null) : imageAddress(url);

/** The address of a picture: on the web, or in the text itself. */
export const imageAddress = (url) => (/^(https:\/\/|data:image\/)/.test(url) ? url : null);

/** A link that opens in a new tab; only the words where the address is none one may be led to. */
export function link(url, words) {
  const address = webAddress(url);
  return address ? el("a", { class: "b-link", href: address, target: "_blank", rel: "noopener noreferrer" }, words) : words;
}

/** A person, channel or group mentioned; one's own name stands out. */
export const mention = (words, isMe = false) => el("span", { class: isMe ? "b-mention b-me" : "b-mention" }, words);

/** Lines of plain text, its line ends kept. */
export const lines = (text) =>
  text
    .split(/(\n+)/)
    .map((part) => (part.startsWith("\n") ? lineEnd(part.length) : part))
    .filter(Boolean);

const lineEnd = (count) => (count === 1 ? el("br") : el("span", { class: "b-gap" }));

/** What a text object (`plain_text`, `mrkdwn`) or a bare string shows, as nodes. */
export function textOf(text, options) {
  if (typeof text === "string") return lines(decoded(text));
  return text.type === "mrkdwn" ? [inline(text.text, { ...options, verbatim: text.verbatim })] : lines(decoded(text.text));
}

/**
 * Slack's mrkdwn as a DocumentFragment.
 * Options: `names` by id, `me`, `zone` and `now` (seconds) for dates, `verbatim` (bare addresses become no links).
 */
export function inline(text, options = {}) {
  const fragment = document.createDocumentFragment();
  const parts = text.replaceAll("\0", "").split(/```([\s\S]+?)```/);
  parts.forEach((part, at) =>
    fragment.append(...(at % 2 ? [fenced(part, options)] : quoted(trimmed(part, at, parts.length), options))),
  );
  return fragment;
}

/** What a text says, without its markup: for notifications and labels. */
export function plain(text, options = {}) {
  const fragment = inline(text, options);
  for (const end of fragment.querySelectorAll("br, .b-gap")) end.replaceWith("\n");
  return fragment.textContent;
}

// A fenced part stands on lines of its own: the line ends beside it are not shown twice.
const trimmed = (part, at, count) =>
  part.slice(at > 0 && part.startsWith("\n") ? 1 : 0, at < count - 1 && part.endsWith("\n") ? -1 : undefined);

const fenced = (part, options) => el("pre", { class: "b-pre" }, linked(part.replace(/^\n|\n$/g, ""), options));

function linked(text, options) {
  return text.split(/<([^<>\n]+)>/).map((part, at) => (at % 2 ? angled(part, options) : decoded(part)));
}

function quoted(text, options) {
  const nodes = [];
  for (const { isQuote, rows } of runs(text)) {
    if (isQuote)
      nodes.push(
        el("blockquote", { class: "b-quote" }, spans(rows.map((row) => row.replace(QUOTE, "")).join("\n"), options)),
      );
    else nodes.push(...spans(rows.join("\n"), options));
  }
  return nodes;
}

/** Lines in runs of quoted and not; after `>>>` all the rest is quoted. */
function runs(text) {
  const found = [];
  let rest = false;
  for (const line of text.split("\n")) {
    rest ||= /^(?:&gt;|>){3}/.test(line);
    const row = line.replace(/^(?:&gt;|>){3} ?/, "");
    const isQuote = rest || QUOTE.test(line);
    if (found.at(-1)?.isQuote === isQuote) found.at(-1).rows.push(row);
    else found.push({ isQuote, rows: [row] });
  }
  return found;
}

/** Code, links and mentions are set aside first (as `\0 number \0`), so that marks inside an address mean nothing. */
function spans(text, options) {
  const held = [];
  const hold = (node) => `\0${held.push(node) - 1}\0`;
  const bare = text.replace(options.verbatim ? HELD : HELD_OR_BARE, (_, code, inAngles, address) => {
    if (code !== undefined) return hold(el("code", { class: "b-code" }, linked(code, options)));
    return hold(inAngles === undefined ? link(decoded(address), decoded(address)) : angled(inAngles, options));
  });
  return styled(bare, held);
}

function styled(text, held) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(MARKED)) {
    nodes.push(...filled(text.slice(from, found.index), held), el(TAGS[found[1]], {}, styled(found[2], held)));
    from = found.index + found[0].length;
  }
  return [...nodes, ...filled(text.slice(from), held)];
}

const filled = (text, held) => text.split(/\0(\d+)\0/).flatMap((part, at) => (at % 2 ? [held[part]] : lines(decoded(part))));

/** What stands in `<…>`: a mention, a date or a link. */
function angled(text, options) {
  const [target, ...rest] = text.split("|");
  const label = rest.length ? decoded(rest.join("|")) : null;
  if (target[0] === "@") return person(target.slice(1), label, options);
  if (target[0] === "#") return channel(target.slice(1), label, options);
  return target[0] === "!"
    ? special(target.slice(1), label, options)
    : link(decoded(target), label ?? decoded(target).replace(/^mailto:/, ""));
}

export const person = (id, label, { names = {}, me } = {}) => mention(`@${names[id] ?? label ?? id}`, id === me);

export const channel = (id, label, { names = {} } = {}) => mention(`#${names[id] ?? label ?? id}`);

export const broadcast = (range) => mention(`@${range}`, true);

function special(target, label, options) {
  const [kind, at, form, url] = target.split("^");
  if (["here", "channel", "everyone"].includes(kind)) return broadcast(kind);
  if (kind === "subteam") return mention(label ?? at);
  if (kind !== "date") return label ?? kind;
  const words = dateWords(Number(at), decoded(form ?? ""), label ?? "", options);
  return url ? link(decoded(url), words) : words;
}
