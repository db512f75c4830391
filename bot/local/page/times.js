// Instants (seconds since 1970 UTC) as people read them, in a given zone.

const shapes = new Map();

function shape(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!shapes.has(key)) shapes.set(key, made(zone, options));
  return shapes.get(key);
}

function made(zone, options) {
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone || undefined });
  } catch {
    return new Intl.DateTimeFormat("en-GB", options); // A zone this browser does not know.
  }
}

function parts(at, zone, options) {
  return Object.fromEntries(shape(zone, options).formatToParts(at * 1000).map(({ type, value }) => [type, value]));
}

const DAY = { weekday: "short", day: "2-digit", month: "short" };
const TIME = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const LONG = { weekday: "long", day: "numeric", month: "long" };
const ISO = { year: "numeric", month: "2-digit", day: "2-digit" };

/** "10:32" */
export const timeOf = (at, zone) => shape(zone, TIME).format(at * 1000);

/** "2026-11-20", to tell days apart. */
export function dayOf(at, zone) {
  const { year, month, day } = parts(at, zone, ISO);
  return `${year}-${month}-${day}`;
}

/** "Fri 20 Nov 10:32" */
export function momentOf(at, zone) {
  const { weekday, day, month } = parts(at, zone, DAY);
  return `${weekday} ${day} ${month.slice(0, 3)} ${timeOf(at, zone)}`;
}

/** "Today", "Yesterday" or "Friday 20 November", seen from `now`. */
export function dayName(at, now, zone) {
  const day = dayOf(at, zone);
  if (day === dayOf(now, zone)) return "Today";
  if (day === dayOf(now - 86400, zone)) return "Yesterday";
  const { weekday, day: date, month } = parts(at, zone, LONG);
  return `${weekday} ${date} ${month}`;
}

/** "Europe/Berlin" → "Berlin" */
export const cityOf = (zone) => zone.split("/").at(-1).replaceAll("_", " ");
