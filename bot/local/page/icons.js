// Line icons, 20 by 20, drawn in the colour of the text.

const SHAPES = {
  menu: ["M3 5h14M3 10h14M3 15h14"],
  close: ["M5 5l10 10M15 5L5 15"],
  bell: ["M5 8a5 5 0 0 1 10 0c0 4 1.5 5 1.5 6h-13c0-1 1.5-2 1.5-6z", "M8.5 17h3"],
  pull: ["M5 7v9M5 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM15 13V9c0-2-1-3-3-3h-2M15 13a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM12 3.5L9.5 6 12 8.5"],
  play: ["M6 4l10 6-10 6z"],
  pause: ["M7 4v12M13 4v12"],
  sun: ["M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.600L16 16M16 4l-1.4 1.4M5.4 14.600L4 16"],
  moon: ["M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z"],
  half: ["M10 3a7 7 0 1 0 0 14z", "M10 3a7 7 0 0 1 0 14"],
  send: ["M3 10l14-6-4.5 13-2.5-5.5z", "M10 11.5L17 4"],
  reply: ["M4 4h12v9h-6l-4 3.5V13H4z"],
  eye: ["M2 10c3-6 13-6 16 0-3 6-13 6-16 0z", "M10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z"],
  down: ["M10 4v12M5 11l5 5 5-5"],
  back: ["M12 4l-6 6 6 6"],
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 20 20", "aria-hidden": "true", class: `icon icon-${name}` })) {
    svg.setAttribute(key, value);
  }
  for (const shape of SHAPES[name]) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", shape);
    svg.append(path);
  }
  return svg;
}

/** Put the icons into the places the page names by `data-icon`. */
export function placeIcons() {
  for (const place of document.querySelectorAll("[data-icon]")) place.replaceWith(icon(place.dataset.icon));
}
