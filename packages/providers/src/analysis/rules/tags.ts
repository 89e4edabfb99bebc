import type { AnalysisContext } from "../analyser.ts";
import { cleanLine } from "./clean-text.ts";
import { editDistance } from "./edit-distance.ts";

const TAG = /^[a-z][a-z0-9-]*$/;
const MAX_TAGS = 10;
const MAX_TAG_CHARACTERS = 50;
/** More proposals than this are noise; it bounds the comparisons below. */
const MAX_PROPOSALS = 60;

export interface ChosenTags {
  /** At most ten, the owner's own tags and new ones, in the order of the proposals. */
  readonly tags: readonly string[];
  /** Those of `tags` that the owner has not used before. */
  readonly newTags: readonly string[];
  readonly aliases: readonly { readonly variant: string; readonly canonical: string }[];
}

export function isTag(text: string): boolean {
  return text.length <= MAX_TAG_CHARACTERS && TAG.test(text);
}

/** The form in which tags are compared: lower case, without spaces, hyphens and underscores. */
export function normaliseTag(text: string): string {
  return text.toLowerCase().replace(/[\s_-]+/gu, "");
}

/**
 * Are two normalised tags spellings of one? A2.4 says: edit distance 2 or less. Taken literally that makes "go" equal
 * "ai" and "code" equal "node", so the distance is proportionate to the shorter tag (up to 4 characters: only a plural
 * "s"; 5 to 7: 1; from 8: 2), and two tags stay apart when their digits differ ("http2", "http3") or their first
 * letters do ("encoding", "decoding"; "structured", "unstructured"): a misspelling hardly ever changes the first letter.
 */
export function isSameTag(left: string, right: string): boolean {
  if (left === right) return true;
  if (left[0] !== right[0] || left.replace(/\D/g, "") !== right.replace(/\D/g, "")) return false;
  const [shorter, longer] = left.length <= right.length ? [left, right] : [right, left];
  if (shorter.length <= 4) return shorter.length >= 3 && longer === `${shorter}s`;
  const limit = shorter.length <= 7 ? 1 : 2;
  return editDistance(left, right, limit) <= limit;
}

/**
 * Keeps the tags that are well formed, writes them as the owner already does, and lets at most `maxNewTags` new ones in
 * (A2.4). A proposal that was folded into a differently written tag of the owner is reported as an alias.
 */
export function chooseTags(
  proposals: readonly string[],
  context: Pick<AnalysisContext, "tags" | "aliases">,
  maxNewTags: number,
): ChosenTags {
  const known = knownTags(context);
  const tags: string[] = [];
  const newTags: string[] = [];
  const aliases = new Map<string, string>();
  for (const proposal of proposals.slice(0, MAX_PROPOSALS)) {
    if (tags.length >= MAX_TAGS) break;
    const written = cleanLine(proposal, MAX_TAG_CHARACTERS * 2).toLowerCase();
    const normal = normaliseTag(written);
    if (normal === "") continue;
    const canonical = known.find(written, normal);
    if (canonical !== null) {
      if (!tags.includes(canonical)) tags.push(canonical);
      if (written !== canonical) aliases.set(written, canonical);
    } else if (isTag(written) && newTags.length < maxNewTags) {
      if (newTags.some((tag) => isSameTag(normaliseTag(tag), normal))) continue;
      tags.push(written);
      newTags.push(written);
    }
  }
  return { tags, newTags, aliases: [...aliases].map(([variant, canonical]) => ({ variant, canonical })) };
}

function knownTags(context: Pick<AnalysisContext, "tags" | "aliases">) {
  const byUse = [...context.tags].sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  const names = new Set(byUse.map((tag) => tag.name).filter(isTag));
  const byAlias = new Map<string, string>();
  for (const { variant, canonical } of context.aliases) {
    if (isTag(canonical)) byAlias.set(normaliseTag(variant), canonical);
  }
  const byNormal = new Map<string, string>();
  for (const name of names) {
    const normal = normaliseTag(name);
    if (!byNormal.has(normal)) byNormal.set(normal, name);
  }
  return {
    find(written: string, normal: string): string | null {
      if (names.has(written)) return written;
      const exact = byAlias.get(normal) ?? byNormal.get(normal);
      if (exact !== undefined) return exact;
      let nearest: { readonly name: string; readonly distance: number } | null = null;
      for (const [other, name] of byNormal) {
        if (!isSameTag(other, normal)) continue;
        const distance = editDistance(other, normal, 2);
        if (nearest === null || distance < nearest.distance) nearest = { name, distance };
      }
      return nearest?.name ?? null;
    },
  };
}
