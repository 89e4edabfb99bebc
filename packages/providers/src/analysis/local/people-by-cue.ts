import type { Sentence } from "./reading.ts";

/** One part of a name: "Solheim", "O'Neill", "Jean-Luc"; never all capitals. */
const PART = "\\p{Lu}(?:['’]\\p{Lu})?\\p{Ll}[\\p{L}'’-]*";
const BETWEEN = "(?:\\p{Lu}\\.\\s|(?:van|von|de|der|da|dos|la|del|di|bin|al)\\s){0,2}";
const FULL = `${PART}\\s${BETWEEN}${PART}(?:\\s${PART})?`;
const HONORIFIC = "(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Doctor|Sir|Lady|Lord)\\.?";
const SPEECH =
  "(?:said|says|told|asked|replied|answered|explains?|explained|writes|wrote|argues|argued|adds|added|warned|thinks|recalls|thanked)";

/** What stands beside a full name only when it is a person's. Each holds the name as its first group. */
const CUES = [
  new RegExp(`(?<![\\p{L}])(${FULL}),? ${SPEECH}\\b`, "gu"),
  new RegExp(`\\b${SPEECH} (${FULL})(?![\\p{L}])`, "gu"),
  new RegExp(`(?<![\\p{L}])(${FULL}), (?:who|whose|whom|then|now|born|aged|the|an?|chief|head|chair)\\b`, "gu"),
  new RegExp(
    `\\b(?:found|written|reported|drawn|painted|built|made|led|designed|invented) by (${FULL})(?![\\p{L}])`,
    "gu",
  ),
  new RegExp(`${HONORIFIC} (${FULL})(?![\\p{L}])`, "gu"),
  // who speaks in an interview, and who signs a letter
  new RegExp(`^(${FULL}):\\s`, "gu"),
  new RegExp(`^(${FULL})$`, "gu"),
];
/** A surname after its honorific: with it, since nobody says it without. */
const TITLED = new RegExp(`(?<![\\p{L}])((?:Mr|Mrs|Ms|Miss|Dr)\\.? ${PART})(?!\\s\\p{Lu})(?![\\p{L}])`, "gu");
const ANY_FULL = new RegExp(`(?<![\\p{L}])(${FULL})(?![\\p{L}])`, "gu");

const MAX_NAMES = 200;

/** People whom a tagger with a list of first names misses: by what is said beside the name, or by the surname alone later. */
export function peopleByCue(sentences: readonly Sentence[]): Map<string, number> {
  const prose = sentences.filter(
    ({ kind, text }) => (kind === "prose" || kind === "item") && /\p{Lu}\p{Ll}/u.test(text),
  );
  const all = prose.map(({ text }) => text).join("\n");
  const people = new Map<string, number>();
  const others = new Set<string>();
  for (const sentence of prose) {
    const find = (cue: RegExp) => [...sentence.text.matchAll(cue)].map(([, name]) => name!);
    const plausible = (name: string) => isPlausible(name, sentence);
    for (const name of [...CUES.flatMap(find).filter(plausible), ...find(TITLED)]) people.set(name, 0);
    for (const name of find(ANY_FULL).filter(plausible)) others.add(name);
  }
  for (const name of [...others].slice(0, MAX_NAMES)) if (isSaidAlone(name, all)) people.set(name, 0);
  for (const name of people.keys()) people.set(name, all.split(name).length - 1);
  return people;
}

/** A sentence's first word is capitalised too: no part of a name is a word such as "when" or "our". */
function isPlausible(name: string, { words }: Sentence): boolean {
  return name
    .split(/\s+/)
    .every((part) => words.find(({ text }) => text.replace(/['’]s$/, "") === part)?.partOfSpeech !== "other");
}

/** Is the last part used as a surname: elsewhere without the first, before what people do, never in small letters? */
function isSaidAlone(name: string, text: string): boolean {
  const [before, last] = name
    .split(/\s+/)
    .slice(-2)
    .map((part) => part.replaceAll(".", "\\."));
  if (new RegExp(`(?<!\\p{L})${last!.toLowerCase()}s?(?!\\p{L})`, "u").test(text)) return false;
  const acts = `[:,]?\\s+(?:${SPEECH}|had|has|was|did|could|is|who)\\b|['’]s\\b|:\\s`;
  return new RegExp(`(?<!\\p{L}|${before}\\s)${last}(?=${acts})`, "u").test(text);
}
