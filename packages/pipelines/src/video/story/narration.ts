import { capitalised, subjectOf } from "./subject-of.ts";

/** How fast narrators speak. */
const WORDS_PER_SECOND = 2.5;

/** What is said before, between and after the beats of the story; `…` is the subject. */
const OPENING = "This is the story of ….";
const MIDDLES = [
  "At first sight nothing about … seems unusual.",
  "Yet the closer we look, the more there is to see.",
  "Every detail has a reason, and every reason has a history.",
  "Much of what we know about … was found by patient people.",
  "They watched, they wrote down what they saw, and they came back.",
  "Some of their questions are open to this day.",
  "What looks like chance turns out to be a pattern.",
  "One small change was enough, and everything after it was different.",
  "That is where the story of … takes its turn.",
  "It was not easy, and it did not happen in a day.",
  "There were setbacks, and there were those who gave up.",
  "Others stayed, and what they learned still matters.",
  "Side by side, the old and the new tell us the same thing.",
  "To understand …, we have to think of time as well as place.",
  "Seen from far away it is simple; from nearby it is full of life.",
  "Slowly the pieces come together.",
  "For a long time nobody asked why.",
  "Then somebody looked twice, and wondered.",
  "What they saw did not fit what they had been told.",
  "So they tried again, with more care.",
  "Small things decide here, and they decide quickly.",
  "It works because nothing in it works alone.",
  "The answer was there all along.",
  "And still, … can surprise us.",
] as const;
const CLOSING = "And that is what … can teach us.";
/** For clips too short for more. */
const GLIMPSES = [
  "Look closer.",
  "It begins here.",
  "Then, a change.",
  "And it goes on.",
  "Day after day.",
  "Who knew?",
];

interface Story {
  readonly title: string;
  readonly topic: string;
  readonly storyDirection: string;
}

/** A text for each clip, each about as long as the clip when it is spoken. The direction's own sentences come first. */
export function narrate(
  story: Story,
  { clips, seconds }: { readonly clips: number; readonly seconds: number },
): string[] {
  const wanted = Math.max(2, Math.round((seconds / clips) * WORDS_PER_SECOND));
  const subject = subjectOf(story);
  const directed = sentencesOf(story.storyDirection)
    .filter((sentence) => !FOR_THE_MAKER.test(sentence))
    .map(spoken);
  if (wanted < 6) return glimpses(subject, clips);
  const fill = filler(subject);
  const beats = [withSubject(OPENING, subject), ...directed];
  return Array.from({ length: clips }, (_, index) => {
    const last = index === clips - 1 && clips > 1 ? [withSubject(CLOSING, subject)] : [];
    return fit(beatsOf(beats, { index, clips }), { last, fill, wanted });
  });
}

/** Beats in their order, spread evenly; what does not fit into its clip is left out. */
function beatsOf(beats: readonly string[], { index, clips }: { index: number; clips: number }): readonly string[] {
  if (beats.length >= clips) {
    return beats.slice(Math.floor((index * beats.length) / clips), Math.floor(((index + 1) * beats.length) / clips));
  }
  return beats.filter((_, beat) => Math.floor((beat * clips) / beats.length) === index);
}

interface Room {
  readonly last: readonly string[];
  readonly fill: Fill;
  readonly wanted: number;
}

/** Sentences as many as fit, at least one. */
function fit(own: readonly string[], { last, fill, wanted }: Room): string {
  const most = Math.round(wanted * 1.15);
  const taken: string[] = [];
  const room = (): number => most - countWords([...taken, ...last].join(" "));
  for (const sentence of own) if (countWords(sentence) <= room()) taken.push(sentence);
  const [head] = own;
  if (taken.length + last.length === 0 && head !== undefined) taken.push(shorten(head, most));
  while (room() > most * 0.4) {
    const sentence = fill(room(), taken.length + last.length === 0);
    if (sentence === undefined) break;
    taken.push(sentence);
  }
  return [...taken, ...last].map((sentence) => shorten(sentence, most)).join(" ");
}

/** The next sentence that has at most so many words; none twice before all were said, unless one is needed. */
type Fill = (mostWords: number, isNeeded: boolean) => string | undefined;

function filler(subject: string): Fill {
  let left: string[] = [];
  return (mostWords, isNeeded) => {
    const fits = (text: string): boolean => countWords(text) <= mostWords;
    if (left.length === 0 || (isNeeded && !left.some(fits))) {
      left = [...left, ...MIDDLES.map((text) => withSubject(text, subject))];
    }
    const at = left.findIndex(fits);
    return at < 0 ? undefined : left.splice(at, 1)[0];
  };
}

function glimpses(subject: string, clips: number): string[] {
  const name = capitalised(shorten(subject, 3));
  return Array.from({ length: clips }, (_, i) => (i === 0 ? name : (GLIMPSES[(i - 1) % GLIMPSES.length] ?? name)));
}

const withSubject = (text: string, subject: string): string => text.replaceAll("…", subject);

const countWords = (text: string): number => text.split(/\s+/).filter((word) => word !== "").length;

/** Where a sentence may end before its end. */
const CLAUSE = /[,;:–—]$/u;
const DANGLING = /^(?:a|an|the|of|and|or|to|in|on|at|for|with|from|by|is|are|was|that|but|as|its|their)$/i;

function shorten(sentence: string, most: number): string {
  const words = sentence.split(/\s+/);
  if (words.length <= most) return ended(sentence);
  const clause = words.slice(0, most).findLastIndex((word, index) => index >= 2 && CLAUSE.test(word));
  const kept = words.slice(0, clause > 0 ? clause + 1 : Math.max(1, most));
  while (kept.length > 1 && DANGLING.test(kept.at(-1) ?? "")) kept.pop();
  return ended(kept.join(" "));
}

const ended = (text: string): string => (/[.!?]["”’)]?$/u.test(text) ? text : `${text.replace(/[,;:–—\s]+$/u, "")}.`);

function sentencesOf(text: string): string[] {
  return text
    .split(/\r?\n+/)
    .flatMap((line) => line.replace(/^[\s>*#•\-–\d.)]+(?=\p{L})/u, "").split(/(?<=[.!?])\s+(?=[\p{Lu}"“])/u))
    .map((sentence) => sentence.replace(/[\p{Cc}\s]+/gu, " ").trim())
    .filter((sentence) => /\p{L}/u.test(sentence));
}

/** A direction says what to show; a narrator says what is seen. */
const SPOKEN: readonly [RegExp, string][] = [
  [/^(?:then\s+|next,?\s+|now\s+)?(?:open|start|begin)\s+(?:with|on|in|at)\s+/i, "It begins with "],
  [/^(?:finally,?\s+|then\s+)?(?:end|close|finish|conclude)\s+(?:with|on|in|at)\s+/i, "It ends with "],
  [
    /^(?:then\s+|next,?\s+|now\s+)?(?:show|explain|tell|describe|reveal)\s+(?=how|why|what|where|when|who)/i,
    "This is ",
  ],
  [/^(?:then\s+|next,?\s+|now\s+)?(?:show|present|introduce|describe|depict|feature)\s+/i, "Here we see "],
  [/^(?:then\s+|next,?\s+|now\s+)?(?:follow|visit|meet|explore|watch)\s+/i, "We discover "],
  [/^(?:then\s+|next,?\s+|now\s+)?(?:cut|move|go|switch)\s+to\s+/i, "Then we come to "],
];

/** How it is to be made, which is nothing to say. */
const FOR_THE_MAKER =
  /^(?:please\s+)?(?:tell it|make (?:it|sure)|keep (?:it|the)|use|focus on|avoid|do not|don['’]t|add|style|tone|mood|narrat\w*|no music)\b/i;

function spoken(sentence: string): string {
  const rule = SPOKEN.find(([pattern]) => pattern.test(sentence));
  return capitalised(ended(rule === undefined ? sentence : sentence.replace(rule[0], rule[1])));
}
