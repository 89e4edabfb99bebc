const MARK = Symbol("html");

/** Text that is safe to send as HTML; only `html` makes it. */
export interface Html {
  readonly [MARK]: string;
}

export type HtmlValue = string | number | Html | readonly HtmlValue[] | null | undefined | false;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A template whose values are escaped unless they were made by this function. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return { [MARK]: parts.reduce((text, part, i) => text + render(values[i - 1]) + part) };
}

export function htmlText(page: Html): string {
  return page[MARK];
}

function render(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return "";
  if (typeof value === "string" || typeof value === "number") {
    return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
  }
  return MARK in value ? value[MARK] : value.map(render).join("");
}
