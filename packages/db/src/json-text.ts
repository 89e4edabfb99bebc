/** `\u0000`, a lone surrogate, or an escaped backslash (matched first, so that `\\u0000` stays what it is). */
const ESCAPES = /\\(?:\\|u0000|ud[89a-f][0-9a-f]{2})/g;

/**
 * JSON that jsonb takes. Postgres refuses NUL and lone surrogates inside strings: NUL is dropped, a lone surrogate
 * becomes U+FFFD. JSON.stringify escapes exactly these two and other control characters with `\u`, always in lower case.
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value) ?? "null";
  if (!text.includes("\\u")) return text;
  return text.replace(ESCAPES, (match) => {
    if (match === "\\\\") return match;
    return match === "\\u0000" ? "" : "\uFFFD";
  });
}

/** Text that a text column takes: Postgres refuses NUL. */
export function plainText<T extends string | null>(text: T): T {
  return (text?.includes("\u0000") ? text.replaceAll("\u0000", "") : text) as T;
}
