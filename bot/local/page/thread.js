// The thread at the right: its first message, the replies, and a box of its own.

import { startComposer } from "./composer.js";
import { byId, el } from "./dom.js";
import { drawMessages, takesMessages } from "./messages.js";
import { startScrolling } from "./scrolling.js";

export function startThread(app) {
  const pane = byId("thread");
  const box = byId("thread-messages");
  const list = el("ol", { class: "list" });
  box.append(list);
  const scrolling = startScrolling(box, list, null);
  const composer = startComposer(app, byId("thread-form"), { label: "Reply in the thread", thread: true });
  let shown = "";
  let count = 0;

  const close = () => {
    const root = app.place.thread;
    app.go({ thread: "" });
    (document.querySelector(`#messages [data-ts="${CSS.escape(root)}"]`) ?? byId("composer"))?.focus();
  };
  byId("thread-close").addEventListener("click", close);
  pane.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && close());

  return function showThread(view) {
    const place = view.thread && app.place.thread ? `${view.me} ${view.in} ${app.place.thread}` : "";
    pane.hidden = !place;
    if (!place) { shown = ""; return; }
    drawMessages(app, list, view.thread, true);
    composer.show(view);
    byId("thread-form").hidden = !takesMessages(view);
    if (place !== shown) {
      scrolling.end();
      composer.focus();
    } else scrolling.grew(view.thread.length - count);
    shown = place;
    count = view.thread.length;
  };
}
