// Slack's `data_visualization` block, drawn by Chart.js; the same numbers stand in a table for screen readers.

import { el } from "./dom.js";

const live = new Map();
let library;

/** A figure with the chart; Chart.js is fetched when the first one is shown. */
export function chart(block) {
  const canvas = el("canvas", {
    role: "img",
    "aria-label": `${block.chart.type} chart: ${block.title}. Its numbers are in the table that follows.`,
  });
  const numbers = block.chart.type === "pie" ? ofSegments(block.chart) : ofSeries(block.chart);
  const figure = el(
    "figure",
    { class: "b-chart" },
    el("figcaption", {}, block.title),
    el("div", { class: `b-canvas b-canvas-${block.chart.type}` }, canvas),
    tableOf(block.title, numbers),
  );
  requestAnimationFrame(() => show(canvas, block.chart, numbers));
  return figure;
}

/** Draw every chart on the page in the colours that hold now. */
export function recolour() {
  for (const [canvas, { chart: drawn, spec, numbers }] of live) {
    if (!canvas.isConnected) continue;
    drawn.destroy();
    live.set(canvas, made(canvas, spec, numbers));
  }
}

new MutationObserver(recolour).observe(document.documentElement, {
  attributes: true,
  attributeFilter: ["data-theme", "style", "class"],
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);

async function show(canvas, spec, numbers) {
  library ??= import("./vendor/chart.umd.min.js");
  await library;
  for (const [gone, { chart: drawn }] of live) if (!gone.isConnected && live.delete(gone)) drawn.destroy();
  if (canvas.isConnected) live.set(canvas, made(canvas, spec, numbers));
}

const made = (canvas, spec, numbers) => ({
  chart: new globalThis.Chart(canvas, configOf(canvas, spec, numbers)),
  spec,
  numbers,
});

/** `{labels, series: [{name, values}], first}`: what both the chart and the table show. */
function ofSeries({ series, axis_config: axis }) {
  const labels = axis.categories ?? series[0].data.map((point) => point.label);
  const at = (one, label) => one.data.find((point) => point.label === label)?.value ?? null;
  return {
    labels,
    first: axis.x_label ?? "",
    series: series.map((one) => ({ name: one.name, values: labels.map((label) => at(one, label)) })),
  };
}

function ofSegments({ segments }) {
  const sum = segments.reduce((all, one) => all + one.value, 0);
  const share = segments.map((one) => `${Math.round((100 * one.value) / sum)} %`);
  return {
    labels: segments.map((one) => one.label),
    first: "",
    share,
    series: [{ name: "Value", values: segments.map((one) => one.value) }],
  };
}

function tableOf(title, { labels, first, series, share }) {
  const names = [first, ...series.map((one) => one.name), ...(share ? ["Share"] : [])];
  const row = (label, at) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, label),
      [...series.map((one) => one.values[at] ?? ""), ...(share ? [share[at]] : [])].map((value) =>
        el("td", {}, String(value)),
      ),
    );
  // A table cannot be clipped to nothing by itself: its rows keep their height.
  return el(
    "div",
    { class: "b-unseen" },
    el(
      "table",
      {},
      el("caption", {}, title),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          names.map((name) => el("th", { scope: "col" }, name)),
        ),
      ),
      el("tbody", {}, labels.map(row)),
    ),
  );
}

function configOf(canvas, spec, numbers) {
  const looks = looksOf(canvas);
  const common = { animation: false, maintainAspectRatio: false };
  const legend = {
    position: "bottom",
    reverse: spec.type === "area",
    labels: { color: looks.text, boxWidth: 10, boxHeight: 10, useBorderRadius: true, borderRadius: 2, font: looks.font },
  };
  return spec.type === "pie" ? pie(numbers, looks, common, legend) : axes(spec, numbers, looks, common, legend);
}

function pie({ labels, share, series: [{ values }] }, looks, common, legend) {
  const tooltip = { callbacks: { label: ({ raw, dataIndex }) => ` ${raw} (${share[dataIndex]})` } };
  return {
    type: "pie",
    data: {
      labels: labels.map((label, at) => `${label}  ${share[at]}`),
      datasets: [
        {
          data: values,
          backgroundColor: values.map((_, at) => looks.series[at % 6]),
          borderColor: looks.ground,
          borderWidth: 2,
        },
      ],
    },
    options: { ...common, plugins: { legend: { ...legend, position: "right" }, tooltip } },
  };
}

function axes(spec, { labels, series }, looks, common, legend) {
  const axis = (title, grid) => ({
    title: { display: Boolean(title), text: title, color: looks.text, font: looks.font },
    ticks: { color: looks.text, font: looks.font, maxRotation: 45 },
    grid: { display: grid, color: looks.line },
    border: { color: looks.line },
  });
  return {
    type: spec.type === "bar" ? "bar" : "line",
    data: { labels, datasets: series.map((one, at) => dataset(spec.type, one, at, series.length, looks)) },
    options: {
      ...common,
      interaction: { mode: "index", intersect: false },
      plugins: { legend: { ...legend, display: series.length > 1 } },
      scales: {
        x: axis(spec.axis_config.x_label, false),
        y: { ...axis(spec.axis_config.y_label, true), beginAtZero: true, grace: "5%" },
      },
    },
  };
}

/** Areas are layered as they come, the first at the back: Chart.js draws the highest `order` first. */
function dataset(type, { name, values }, at, count, { series }) {
  const colour = series[at % series.length];
  const shared = { label: name, data: values, backgroundColor: colour, borderColor: colour };
  if (type === "bar") return { ...shared, borderRadius: 3, maxBarThickness: 48 };
  const line = { ...shared, borderWidth: 2, pointRadius: 3, pointHoverRadius: 5, tension: 0 };
  return type === "area"
    ? { ...line, order: count - at, fill: "origin", pointRadius: 0, backgroundColor: faded(colour) }
    : line;
}

const faded = (colour) => colour.replace(/^rgb\((.*)\)$/, "rgba($1, 0.3)");

/** The page's colours as they are now; the stylesheet names those of the series. */
function looksOf(canvas) {
  const probe = el("span", { hidden: true });
  canvas.parentElement.append(probe);
  const colour = (name) => {
    probe.className = `b-colour-${name}`;
    return getComputedStyle(probe).color;
  };
  const found = {
    text: colour("text"),
    line: colour("line"),
    ground: colour("ground"),
    series: [1, 2, 3, 4, 5, 6].map(colour),
    font: { family: getComputedStyle(canvas).fontFamily, size: 12 },
  };
  probe.remove();
  return found;
}
