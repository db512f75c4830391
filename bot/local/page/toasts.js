// Desktop notifications: shown in the corner, and by the system while the page is hidden.

import { byId, el } from "./dom.js";
import { icon } from "./icons.js";
import { roomName } from "./room.js";

const STAYS = 8000;
const MOST = 3;

export function startToasts(app) {
  const box = byId("toasts");
  const told = new Set();
  let me = "";
  startAsking();
  return function showToasts(view) {
    const fresh = view.notices.filter((notice) => !told.has(notice.id));
    for (const notice of fresh) told.add(notice.id);
    if (me !== view.me) box.replaceChildren();
    // Of what came before one was this person, the newest is enough.
    const most = me === view.me ? MOST : 1;
    me = view.me;
    for (const notice of fresh.filter((one) => !isRead(app, view, one)).slice(-most)) tell(app, box, view, notice);
    while (box.children.length > MOST) box.firstElementChild.remove();
  };
}

/** Whether what a notification is about is before one's eyes, or was. */
function isRead(app, view, notice) {
  if (document.visibilityState === "visible" && notice.in === view.in && app.place.tab !== "home") return true;
  return !view.conversations.find((room) => room.id === notice.in)?.unread;
}

function tell(app, box, view, notice) {
  const where = roomName(view.conversations.find((room) => room.id === notice.in));
  const open = () => { app.open(notice.in); };
  box.append(drawToast(notice, where === notice.who ? "" : where, view.me, open));
  if (document.visibilityState === "hidden" && "Notification" in window && Notification.permission === "granted") {
    const shown = new Notification(`${notice.who} ${where}`, { body: notice.text, icon: "page/favicon.svg", tag: `${view.me} ${notice.id}` });
    shown.onclick = () => { window.focus(); open(); };
  }
}

function drawToast(notice, where, me, open) {
  const toast = el("div", { class: "toast" },
    el("button", { type: "button", class: "toast-open", onclick: () => { open(); toast.remove(); } },
      el("span", { class: "toast-head" }, el("strong", {}, notice.who), where && ` in ${where}`),
      el("span", { class: "toast-text" }, notice.text)),
    el("button", { type: "button", class: "quiet", "aria-label": "Dismiss the notification", onclick: () => toast.remove() }, icon("close")));
  goLater(toast);
  return toast;
}

/** Gone after a while, but not from under a pointer or the focus. */
function goLater(toast) {
  let timer;
  const start = () => { clearTimeout(timer); timer = setTimeout(() => toast.remove(), STAYS); };
  const stop = () => clearTimeout(timer);
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, stop);
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, start);
  start();
}

function startAsking() {
  const button = byId("notify");
  if (!("Notification" in window) || Notification.permission !== "default") return;
  button.hidden = false;
  button.title = "Show messages as notifications of this computer while the page is hidden";
  button.addEventListener("click", async () => {
    await Notification.requestPermission();
    button.hidden = true;
  });
}
