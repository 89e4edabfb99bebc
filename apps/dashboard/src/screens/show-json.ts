import type { Json } from "@millrace/core";
import { type Html, html } from "./html.ts";

/** More than this of one value is not shown: an input may carry megabytes of transcript. */
const MAX_CHARACTERS = 20_000;
const MAX_CHIPS = 60;

/** A closed box with the value as indented JSON, cut where it is very long. */
export function jsonBox(title: string, value: Json): Html {
  const text = JSON.stringify(value, null, 2) ?? "null";
  const cut =
    text.length > MAX_CHARACTERS && html`<p class="note">First ${MAX_CHARACTERS} of ${text.length} characters.</p>`;
  return html`<details>
    <summary>${title}</summary>
    ${cut}
    <pre>${text.slice(0, MAX_CHARACTERS)}</pre>
  </details>`;
}

/** Any JSON object as a list for people: short values as text, lists as chips, deep things as sections. */
export function jsonSummary(value: Json): Html {
  if (!isObject(value)) return html`<p>${shortText(value)}</p>`;
  const shown = Object.entries(value).filter(([, part]) => !isBare(part));
  if (shown.length === 0) return html`<p class="note">Empty.</p>`;
  return html`<dl class="facts">${shown.map(([name, part]) => html`<dt>${label(name)}</dt><dd>${partOf(part)}</dd>`)}</dl>`;
}

function partOf(value: Json): Html {
  if (isObject(value)) return jsonSummary(value);
  if (!Array.isArray(value)) return html`<span class="prose">${shortText(value)}</span>`;
  if (value.some((item) => typeof item === "string" && item.length > 60)) {
    return html`<ul class="prose">${value.slice(0, MAX_CHIPS).map((item) => html`<li>${shortText(item)}</li>`)}</ul>`;
  }
  const more = value.length > MAX_CHIPS && html`<span class="note">and ${value.length - MAX_CHIPS} more</span>`;
  return html`<span class="chips">${value.slice(0, MAX_CHIPS).map((item) => html`<span class="chip">${chipText(item)}</span>`)}${more}</span>`;
}

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isBare = (value: Json): boolean =>
  value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);

const label = (name: string): string => name.replaceAll("_", " ");

/** A list of named things reads as their names. */
function chipText(item: Json): string {
  const name = isObject(item) ? (item["name"] ?? item["id"]) : undefined;
  return shortText(name ?? item);
}

function shortText(value: Json): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 2_000 ? `${text.slice(0, 2_000)} …` : text;
}
