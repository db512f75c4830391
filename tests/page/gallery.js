// Draws the blocks of gallery.json, or of `?show=<file>`; `?theme=dark|light`, `?only=<part of a title>`.

import { drawBlocks } from "/page/blocks.js";

const asked = new URLSearchParams(location.search);
document.documentElement.style.colorScheme = asked.get("theme") ?? "";

const answer = await fetch(asked.get("show") ?? "gallery.json");
const { options, surfaces } = await answer.json();
const log = document.getElementById("log");
const onAct = (act) => {
  log.textContent = JSON.stringify(act, null, 1);
};

for (const { title, surface, blocks, errors, values } of surfaces.filter((one) =>
  one.title.includes(asked.get("only") ?? ""),
)) {
  const heading = document.createElement("h2");
  heading.textContent = title;
  const frame = document.createElement("div");
  frame.className = surface === "modal" ? "frame modal" : "frame";
  frame.append(drawBlocks(blocks, { ...options, surface, errors, values, onAct }));
  document.getElementById("gallery").append(heading, frame);
}
