import type { Confidence } from "../unified-result.ts";
import { KNOWN_TOOLS } from "./known-tools.ts";
import { peopleByCue } from "./people-by-cue.ts";
import type { Sentence } from "./reading.ts";

const MAX_PEOPLE = 10;
/** Tagging costs about 5 ms a kilobyte, so only sentences that can hold a name are read, and so many of them. */
const MAX_READ_CHARACTERS = 10_000;
const NAME_LIKE = /\p{Lu}[\p{L}'’.-]+\s+(?:\p{Lu}\.\s+|(?:van|von|de|der|la|bin|al)\s+){0,2}\p{Lu}[\p{L}'’-]+/u;
const FULL_NAME = /^\p{Lu}[\p{L}'’.-]*(?:\s+(?:\p{Lu}\.|van|von|de|der|la|del|di|bin|al|\p{Lu}[\p{L}'’-]+)){1,3}$/u;
const TITLE = /^(?:Dr|Prof|Mr|Mrs|Ms|Sir|Professor|Doctor|President|Chancellor|Senator|Minister)\.?\s+/;
const HONOURED = /^(?:Mr|Mrs|Ms|Miss|Dr)\.? \S+$/;
/** Last words of names that are no person's. */
const ORGANISATION =
  /\b(inc|llc|ltd|gmbh|corp|corporation|company|foundation|university|institute|college|school|group|team|project|press|labs?|software|systems?|street|avenue|road|city|county|council|party|committee|agency|department|ministry|museum|hospital|bank|license|licence|license|public|general|server|module|engine|framework|library|conference|summit|award|prize|act|law|river|lake|mountain|island|bay|north|south|east|west|january|february|march|april|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|copyright|free|open|source|code|api|http|web|data|user|request|response|error|type|the|for|and)\b/i;
const SPEAKER =
  /\b(?:said|says|told|wrote|writes|explained|argues|argued|added|author|authors|by|created|maintained|founder|director|professor|engineer|minister|mayor)\b/i;

type Tagger = (text: string) => {
  people(): { json(options: object): { text: string }[] };
  has(pattern: string): boolean;
};

export interface FoundPerson {
  readonly name: string;
  readonly confidence: Confidence;
  readonly count: number;
}

let loading: Promise<Tagger> | undefined;

/**
 * People by compromise's name tagger (loaded when first needed, about 0.3 s) and by what is said beside a name, kept only
 * where the name is one in full, or a surname with its honorific.
 */
export async function findPeople(sentences: readonly Sentence[]): Promise<FoundPerson[]> {
  const texts = readable(sentences);
  const cued = peopleByCue(sentences);
  if (texts.length === 0 && cued.size === 0) return [];
  loading ??= import("compromise").then(({ default: compromise }) => compromise as unknown as Tagger);
  const tag = await loading;
  const people = new Map<string, { count: number; isCued: boolean; isFirstNameKnown: boolean }>();
  for (const text of texts) {
    for (const { text: written } of tag(text).people().json({ offset: false })) {
      const name = nameOf(written);
      if (name === null || !text.includes(name)) continue;
      const person = people.get(name) ?? {
        count: 0,
        isCued: TITLE.test(written.trim()),
        isFirstNameKnown: tag(name.split(/\s+/)[0]!).has("#FirstName"),
      };
      person.count++;
      person.isCued ||= SPEAKER.test(text);
      people.set(name, person);
    }
  }
  for (const [written, count] of cued) {
    const name = HONOURED.test(written) ? written : nameOf(written);
    if (name === null) continue;
    const known = people.get(name);
    const isFirstNameKnown = known?.isFirstNameKnown ?? tag(name.split(/\s+/)[0]!).has("#FirstName");
    people.set(name, { count: Math.max(count, known?.count ?? 0), isCued: true, isFirstNameKnown });
  }
  return [...people]
    .map(([name, { count, isCued, isFirstNameKnown }]) => ({
      name,
      count,
      confidence: confidenceOf(count, isCued, isFirstNameKnown),
    }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, MAX_PEOPLE);
}

function readable(sentences: readonly Sentence[]): string[] {
  const texts: string[] = [];
  let size = 0;
  for (const { text, kind } of sentences) {
    if (kind === "heading" || kind === "table" || !NAME_LIKE.test(text)) continue;
    size += text.length;
    if (size > MAX_READ_CHARACTERS) break;
    texts.push(text);
  }
  return texts;
}

/** The name without title and punctuation, or null when it is not a person's full name. */
function nameOf(written: string): string | null {
  const name = written
    .trim()
    .replace(TITLE, "")
    .replace(/['’]s$/, "")
    .replace(/^[^\p{L}]+|[^\p{L}.]+$/gu, "")
    .replace(/[.,;:]+$/, "");
  const words = name.split(/\s+/);
  if (!FULL_NAME.test(name) || ORGANISATION.test(name)) return null;
  if (words.some((word) => /^\p{Lu}{3,}$/u.test(word) || KNOWN_TOOLS.get(word.toLowerCase())?.evidence === "name"))
    return null;
  return name;
}

function confidenceOf(count: number, isCued: boolean, isFirstNameKnown: boolean): Confidence {
  if (isFirstNameKnown && (count >= 2 || isCued)) return "high";
  return isFirstNameKnown || isCued ? "medium" : "low";
}
