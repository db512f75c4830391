// A list of messages stays at its newest when it was there; else a pill says that more came.

const NEAR = 60;

export function startScrolling(box, list, pill) {
  let kept = true;
  let count = 0;
  const toEnd = () => { box.scrollTop = box.scrollHeight; };
  /** The newest in view; of one that is longer than the box, its beginning. */
  const toNewest = () => {
    const newest = list.lastElementChild;
    kept = !newest || newest.offsetHeight < box.clientHeight;
    if (kept) toEnd();
    else newest.scrollIntoView({ block: "start" });
  };
  const hide = () => { count = 0; if (pill) pill.hidden = true; };
  box.addEventListener("scroll", () => {
    kept = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    if (kept) hide();
  }, { passive: true });
  // Pictures and charts come in later, and the box itself grows and shrinks.
  const sizes = new ResizeObserver(() => kept && toEnd());
  sizes.observe(list);
  sizes.observe(box);
  pill?.addEventListener("click", () => { kept = true; toEnd(); hide(); });
  return {
    end() { hide(); toNewest(); },
    /** `added`: how many messages came since the last time. */
    grew(added) {
      if (kept) return added ? toNewest() : toEnd();
      count += added;
      if (!pill || !count) return undefined;
      pill.textContent = count === 1 ? "1 new message ↓" : `${count} new messages ↓`;
      pill.hidden = false;
      return undefined;
    },
  };
}
