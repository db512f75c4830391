// Slack's dates in texts: `<!date^1772000000^{date_short_pretty} at {time}|fallback>`.

import { dayOf } from "./times.js";

const DAY_LENGTH = 86400;

const FORMS = {
  date_num: dayOf,
  date_slash: (at, zone) => said(at, zone, { day: "2-digit", month: "2-digit", year: "numeric" }),
  date: (at, zone) => said(at, zone, { day: "numeric", month: "long", year: "numeric" }),
  date_short: (at, zone) => said(at, zone, { day: "numeric", month: "short", year: "numeric" }),
  date_long: (at, zone) => said(at, zone, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  date_pretty: (at, zone, now) => near(at, zone, now) ?? FORMS.date(at, zone),
  date_short_pretty: (at, zone, now) => near(at, zone, now) ?? FORMS.date_short(at, zone),
  date_long_pretty: (at, zone, now) => near(at, zone, now) ?? FORMS.date_long(at, zone),
  day_divider_pretty: (at, zone, now) =>
    near(at, zone, now) ?? said(at, zone, { weekday: "long", day: "numeric", month: "long" }),
  time: (at, zone) => said(at, zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  time_secs: (at, zone) => said(at, zone, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
  ago: (at, zone, now) => ago(at - now),
};

/**
 * The words of a date: `form` holds tokens such as `{date_pretty}`; `at` and `now` are seconds since 1970 UTC.
 * An instant that is none, or a token that Slack does not have, gives the `fallback`.
 */
export function dateWords(at, form, fallback, { zone, now = Date.now() / 1000 } = {}) {
  const tokens = [...form.matchAll(/\{(\w+)\}/g)].map(([, token]) => token);
  if (!Number.isFinite(at) || tokens.some((token) => !FORMS[token])) return fallback;
  return form.replace(/\{(\w+)\}/g, (_, token) => FORMS[token](at, zone, now));
}

function said(at, zone, shape) {
  try {
    return new Intl.DateTimeFormat("en-GB", { ...shape, timeZone: zone || undefined }).format(at * 1000);
  } catch {
    return new Intl.DateTimeFormat("en-GB", shape).format(at * 1000); // A zone this browser does not know.
  }
}

function near(at, zone, now) {
  const day = dayOf(at, zone);
  if (day === dayOf(now, zone)) return "today";
  if (day === dayOf(now - DAY_LENGTH, zone)) return "yesterday";
  return day === dayOf(now + DAY_LENGTH, zone) ? "tomorrow" : null;
}

const STEPS = [
  ["day", DAY_LENGTH],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

function ago(seconds) {
  const [unit, length] = STEPS.find(([, one]) => Math.abs(seconds) >= one) ?? STEPS.at(-1);
  return new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" }).format(Math.round(seconds / length), unit);
}
