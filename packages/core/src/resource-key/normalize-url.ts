import { canonicalHost, parseHttpUrl } from "./parse-http-url.ts";

/**
 * Version of the rules below. Every stored `url:` key depends on them: a changed rule is a new version and a migration
 * of the keys, never a silent edit (A-Q04). The vectors in normalization.contract.ts hold a version still.
 */
export const NORMALIZATION_VERSION = 1;

/** Names that only say where a visitor came from; `*` stands for any text at that end. Compared without case. */
export const TRACKING_PARAMETERS: readonly string[] = [
  "utm_*",
  "*clid",
  "gbraid",
  "wbraid",
  "mc_cid",
  "mc_eid",
  "_ga",
  "_gid",
  "hsenc",
  "_hsenc",
  "_hsmi",
  "hsctatracking",
  "msclkid",
  "igshid",
];

export interface NormalizeOptions {
  /** Further names or patterns, beside `TRACKING_PARAMETERS`. */
  readonly trackingParameters?: readonly string[];
}

/**
 * One spelling for every spelling of a web address (A-S09, in the order of A-Q04). Meant for naming a resource, not for
 * fetching it: the address as given may answer where this one does not.
 *
 * Path and query keep their bytes: `%2F` and `/`, `%7E` and `~`, `%20` and `+`, `a` and `a=` stay different, because a
 * server may tell them apart and two keys for one page cost a second run, while one key for two pages loses one.
 */
export function normalizeUrl(input: string, options: NormalizeOptions = {}): string {
  const url = parseHttpUrl(input);
  const path = url.pathname.replace(/\/+$/, "") || "/";
  const query = normalizeQuery(url.search, [...TRACKING_PARAMETERS, ...(options.trackingParameters ?? [])]);
  return `${schemeOf(url)}//${withoutWww(canonicalHost(url))}${url.port && `:${url.port}`}${path}${query && `?${query}`}`;
}

/**
 * https for both schemes, with one exception: plain http on port 443 stays http. URL has already dropped the default port
 * of the original scheme and must keep others, and `https://host:443` read again would lose its port and become the
 * name of another server.
 */
function schemeOf(url: URL): string {
  return url.protocol === "http:" && url.port === "443" ? "http:" : "https:";
}

/** `www.` goes as often as it stands there, as long as a domain remains: `www.com` is not `com`. */
function withoutWww(host: string): string {
  return host.replace(/^(?:www\.)+(?=[^.]+\.)/, "");
}

/** Splits the raw text: URLSearchParams would decode and re-encode, and so change the bytes. */
function normalizeQuery(search: string, trackingPatterns: readonly string[]): string {
  const isTracking = matcherOf(trackingPatterns);
  return search
    .slice(1)
    .split("&")
    .filter((parameter) => parameter !== "")
    .map((parameter) => ({ parameter, name: parameter.split("=", 1)[0] ?? "" }))
    .filter(({ name }) => !isTracking(decodeName(name)))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ parameter }) => parameter)
    .join("&");
}

function matcherOf(patterns: readonly string[]): (name: string) => boolean {
  const lowered = patterns.map((pattern) => pattern.toLowerCase());
  const exact = new Set(lowered.filter((pattern) => !pattern.startsWith("*") && !pattern.endsWith("*")));
  const starts = lowered.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1));
  const ends = lowered.filter((pattern) => pattern.startsWith("*")).map((pattern) => pattern.slice(1));
  return (name) =>
    exact.has(name) || starts.some((start) => name.startsWith(start)) || ends.some((end) => name.endsWith(end));
}

/** The name as a server reads it, for comparison only; a broken escape is left as it stands. */
function decodeName(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll("+", " ")).toLowerCase();
  } catch {
    return name.toLowerCase();
  }
}
