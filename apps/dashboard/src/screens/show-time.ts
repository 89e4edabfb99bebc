import { type Html, html } from "./html.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `830 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function durationText(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < SECOND) return `${whole} ms`;
  if (whole < MINUTE) return `${(Math.floor(whole / 100) / 10).toFixed(1)} s`;
  if (whole < HOUR) return twoUnits(whole, [MINUTE, "min"], [SECOND, "s"]);
  if (whole < DAY) return twoUnits(whole, [HOUR, "h"], [MINUTE, "min"]);
  return twoUnits(whole, [DAY, "d"], [HOUR, "h"]);
}

function twoUnits(ms: number, [big, bigName]: [number, string], [small, smallName]: [number, string]): string {
  const rest = Math.floor((ms % big) / small);
  return `${Math.floor(ms / big)} ${bigName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

/** How long ago in one unit, with the exact instant on hover. */
export function agoTag(at: Date, now: Date): Html {
  const ms = now.getTime() - at.getTime();
  const text = ms >= 0 ? `${roughText(ms)} ago` : `in ${roughText(-ms)}`;
  return html`<time datetime="${at.toISOString()}" title="${at.toISOString()}">${text}</time>`;
}

function roughText(ms: number): string {
  const [unitMs, unit] = ROUGH_UNITS.find(([unitMs]) => ms >= unitMs) ?? [SECOND, "s"];
  return `${Math.floor(ms / unitMs)} ${unit}`;
}

const ROUGH_UNITS = [
  [DAY, "d"],
  [HOUR, "h"],
  [MINUTE, "min"],
] as const;

/** Time of day with milliseconds, UTC, the date on hover. */
export function clockTag(at: Date): Html {
  return html`<time datetime="${at.toISOString()}" title="${at.toISOString()}">${at.toISOString().slice(11, 23)}</time>`;
}
