// Block Kit as elements: what a message, a home or a modal shows.

import { chart } from "./charts.js";
import { el } from "./dom.js";
import { drawElement } from "./elements.js";
import { markdown } from "./markdown.js";
import { pictureAddress, textOf } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { freshId, showErrors } from "./controls.js";
import { dataTable, table } from "./table.js";

export { errorsIn, showErrors, stateOf } from "./controls.js";

const BLOCKS = {
  section,
  context,
  actions,
  header,
  image,
  input,
  data_visualization: chart,
  table: (block, place) => table(block, place.options),
  data_table: (block, place) => dataTable(block, place.options),
  divider: () => el("hr", { class: "b-divider" }),
  rich_text: (block, place) => el("div", {}, richText(block, place.options)),
  markdown: (block) => el("div", {}, markdown(block.text)),
};
const WIDE = ["checkboxes", "radio_buttons"];

/**
 * The blocks of a surface as a DocumentFragment with one `div.blocks`.
 *
 * Options: `surface` ("message", "home", "modal"); `names` by id; `me`, `zone`, `now` (seconds), `in` (a channel's id);
 * `people` and `conversations` (`[{id, name, kind}]`) for menus of them; `errors` `{block: text}`;
 * `values` `{block: {action: value}}`, kept from before; `onAct({block, action, value, state})`, which may give a promise.
 */
export function drawBlocks(blocks, options = {}) {
  const surface = el(
    "div",
    { class: `blocks blocks-${options.surface ?? "message"}` },
    blocks.map((block, at) => drawn(block, { options, ...nameOf(block, at, options) })),
  );
  showErrors(surface, options.errors ?? {});
  const fragment = document.createDocumentFragment();
  fragment.append(surface);
  return fragment;
}

const nameOf = (block, at, { surface }) => ({
  block: block.block_id ?? `b${at}`,
  keeps: surface === "modal" || Boolean(block.block_id),
});

/** One block; what cannot be drawn is a line that says so, and the rest of the page stays. */
function drawn(block, place) {
  try {
    if (Object.hasOwn(BLOCKS, block.type)) return BLOCKS[block.type](block, place);
  } catch (error) {
    console.error(error);
  }
  return el("p", { class: "b-unknown" }, `${block.type} block: not shown here`);
}

function section(block, place) {
  const text = block.text ? el("div", { class: "b-text", id: freshId() }, textOf(block.text, place.options)) : null;
  const fields = block.fields?.map((one) => el("div", { class: "b-text" }, textOf(one, place.options)));
  const body = el("div", { class: "b-body" }, text, fields ? el("div", { class: "b-fields" }, fields) : null);
  return el("div", { class: "b-section" }, body, block.accessory ? accessory(block.accessory, place) : null);
}

function accessory(element, place) {
  const wide = WIDE.includes(element.type) ? "b-accessory b-wide" : "b-accessory";
  return el("div", { class: wide }, drawElement(element, { ...place, acts: true }));
}

function actions(block, place) {
  return el(
    "div",
    { class: "b-actions" },
    block.elements.map((element) => drawElement(element, { ...place, acts: true })),
  );
}

function context(block, place) {
  return el(
    "div",
    { class: "b-context" },
    block.elements.map((one) =>
      one.type === "image" ? drawElement(one, place) : el("div", {}, textOf(one, place.options)),
    ),
  );
}

function header(block, place) {
  return el("h3", { class: "b-header" }, textOf(block.text, place.options));
}

function image(block, place) {
  const src = pictureAddress(block);
  const picture = el("img", {
    class: block.slack_file ? "b-image b-uploaded" : "b-image",
    src,
    alt: block.alt_text,
    referrerpolicy: "no-referrer",
  });
  return el(
    "figure",
    { class: "b-figure" },
    block.title ? el("figcaption", {}, textOf(block.title, place.options)) : null,
    // A preview is small; a press shows it as large as it is.
    block.slack_file ? el("a", { href: src, target: "_blank", rel: "noreferrer" }, picture) : picture,
  );
}

const FIELDS = /_input$|^datepicker$|^timepicker$|^(static|users|conversations|channels)_select$/;

/** An input with its label; an element that is several controls is a group, named by the label. */
function input(block, place) {
  const id = freshId();
  const words = el(
    "span",
    { class: "b-label", id },
    textOf(block.label, place.options),
    block.optional ? el("span", { class: "b-optional" }, " (optional)") : null,
  );
  const element = drawElement(block.element, {
    ...place,
    label: id,
    optional: Boolean(block.optional),
    acts: Boolean(block.dispatch_action),
  });
  const isField = FIELDS.test(block.element.type);
  return el(
    "div",
    { class: "b-input", "data-block": place.block, "data-optional": String(Boolean(block.optional)) },
    isField ? el("label", {}, words, element) : el("div", {}, words, element),
    block.hint ? el("p", { class: "b-hint", id: freshId() }, textOf(block.hint, place.options)) : null,
  );
}
