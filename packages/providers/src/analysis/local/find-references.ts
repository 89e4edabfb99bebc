import type { DocumentStructure } from "./document-structure.ts";

const MAX_REFERENCES = 15;
const REPOSITORY =
  /^https?:\/\/(?:www\.)?(?:github\.com|gitlab\.com|codeberg\.org|bitbucket\.org)\/([A-Za-z0-9][\w.-]{0,38})\/([\w.-]{1,100})/;
/** First path parts of GitHub's own pages. */
const NO_OWNERS = new Set(
  "sponsors features topics orgs settings about marketplace apps login search explore issues pulls notifications collections trending contact site security enterprise users raw advisories".split(
    " ",
  ),
);
const ARXIV = /\barxiv(?:\.org\/(?:abs|pdf)\/|:\s?)(\d{4}\.\d{4,5})/gi;
const DOI = /\b(10\.\d{4,9}\/[^\s"<>()[\]{},;]{2,100})/g;
const STANDARD = /\bRFC[ -]?(\d{3,5})\b/g;

export interface Reference {
  readonly type: "repo" | "paper";
  readonly name: string;
  readonly count: number;
  /** What else the text calls it: the last part of a repository's name. */
  readonly shortName: string;
}

/** Repositories by their addresses; papers and standards by arXiv number, DOI or RFC number. */
export function findReferences(text: string, structure: DocumentStructure): Reference[] {
  const found = new Map<string, Reference>();
  const note = (type: Reference["type"], name: string, shortName: string): void => {
    const key = `${type}:${name.toLowerCase()}`;
    const earlier = found.get(key);
    found.set(
      key,
      earlier === undefined ? { type, name, shortName, count: 1 } : { ...earlier, count: earlier.count + 1 },
    );
  };
  for (const { url } of structure.links) {
    const [, owner, written] = REPOSITORY.exec(url) ?? [];
    const name = written?.replace(/\.git$/, "").replace(/\.+$/, "");
    if (owner !== undefined && name !== undefined && name !== "" && !NO_OWNERS.has(owner.toLowerCase()))
      note("repo", `${owner}/${name}`, name);
  }
  for (const [, id] of text.matchAll(ARXIV)) note("paper", `arXiv:${id}`, id!);
  for (const [, id] of text.matchAll(DOI)) {
    const doi = id!.replace(/[.:'*_]+$/, "");
    note("paper", `doi:${doi}`, doi);
  }
  for (const [, number] of text.matchAll(STANDARD)) note("paper", `RFC ${number}`, `RFC ${number}`);
  return [...found.values()].sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1)).slice(0, MAX_REFERENCES);
}
