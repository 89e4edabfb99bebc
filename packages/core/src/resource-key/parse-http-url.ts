import { MillraceError } from "../errors.ts";

/** Longer than any address browsers and servers agree on (most stop at 8 KB); bounds the work on a hostile input. */
const MAX_URL_LENGTH = 8_192;

/** Why an address was refused; in the error's `details.rule`. */
type UrlRule = "url_length" | "url_syntax" | "url_scheme" | "url_host";

function refuse(rule: UrlRule, message: string): MillraceError {
  return new MillraceError("VALIDATION_FAILED", message, { details: { rule } });
}

/**
 * Reads an http(s) address by the WHATWG URL standard, which lower-cases the host, turns it into punycode and resolves
 * dot segments. Anything else is VALIDATION_FAILED with `details.rule`.
 */
export function parseHttpUrl(input: string): URL {
  if (input.length > MAX_URL_LENGTH) {
    throw refuse("url_length", `The address is longer than ${MAX_URL_LENGTH} characters.`);
  }
  let url: URL;
  try {
    url = new URL(input);
  } catch (cause) {
    throw new MillraceError("VALIDATION_FAILED", "The address is not a valid absolute URL.", {
      details: { rule: "url_syntax" satisfies UrlRule },
      cause,
    });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refuse("url_scheme", `Only http and https addresses are accepted, not ${url.protocol}`);
  }
  if (canonicalHost(url) === "") {
    throw refuse("url_host", "The address names no host.");
  }
  return url;
}

/** The host without the trailing dots of a fully qualified name. */
export function canonicalHost(url: URL): string {
  return url.hostname.replace(/\.+$/, "");
}
