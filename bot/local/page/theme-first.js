// Runs before the first paint, so that a theme chosen earlier does not flash in.
(() => {
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen) document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage is closed to this page: the system's theme is shown.
  }
})();
