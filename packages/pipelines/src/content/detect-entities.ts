import { identifyUrl, type UrlClass } from "@millrace/core";
import type { PreDetectedEntity } from "@millrace/providers";

const TYPES: Readonly<Partial<Record<UrlClass, PreDetectedEntity["type"]>>> = {
  github_repo: "repo",
  arxiv: "paper",
  doi: "paper",
  pypi: "tool",
  npm: "tool",
};

const ADDRESS = /https?:\/\/[^\s<>"'`)\]}]{4,500}/g;
/** Papers are named without an address too. */
const ARXIV_ID = /\barXiv:\s?(\d{4}\.\d{4,5}(?:v\d{1,2})?)/gi;
const DOI = /\bdoi:\s?(10\.\d{4,9}\/[^\s<>"']{1,200})/gi;

const withoutTail = (text: string): string => text.replace(/[.,;:!?]+$/, "");

function* addressesIn(text: string): Generator<string> {
  for (const [address] of text.matchAll(ADDRESS)) yield withoutTail(address);
  for (const [, id = ""] of text.matchAll(ARXIV_ID)) yield `https://arxiv.org/abs/${id}`;
  for (const [, name = ""] of text.matchAll(DOI)) yield `https://doi.org/${withoutTail(name)}`;
}

/** The repositories, papers and packages that addresses name, each once, at most `limit`. */
export function detectEntities(addresses: Iterable<string>, text: string, limit: number): PreDetectedEntity[] {
  const found = new Map<string, PreDetectedEntity>();
  for (const source of [addresses, addressesIn(text)]) {
    for (const address of source) {
      if (found.size >= limit) return [...found.values()];
      const identity = identifyUrl(address);
      const type = identity === undefined ? undefined : TYPES[identity.class];
      if (identity === undefined || type === undefined) continue;
      const id = `${identity.class}:${identity.name.toLowerCase()}`;
      if (!found.has(id)) found.set(id, { id, type, name: identity.name });
    }
  }
  return [...found.values()];
}
