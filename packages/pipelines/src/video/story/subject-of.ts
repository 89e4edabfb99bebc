import { FIGURES, THINGS } from "./words-of-stories.ts";

const FUNCTION_WORDS =
  /^(?:a|an|the|how|why|what|when|where|who|which|inside|from|in|on|of|at|life|one|two|three|some|my|our|your)$/i;

/** The topic as it stands inside a sentence; the title where the topic is too long for that. */
export function subjectOf({
  title,
  topic,
  storyDirection,
}: {
  readonly title: string;
  readonly topic: string;
  readonly storyDirection: string;
}): string {
  const tidy = (text: string): string =>
    text
      .replace(/[\p{Cc}\s]+/gu, " ")
      .trim()
      .replace(/[\s.!?:;,]+$/u, "");
  const whole = tidy(topic);
  const chosen = whole !== "" && whole.split(" ").length <= MAX_WORDS ? whole : tidy(title);
  const [first = "", ...rest] = chosen.split(" ").slice(0, MAX_WORDS);
  return [isPlain(first, storyDirection) ? lowered(first) : first, ...rest].join(" ");
}

const MAX_WORDS = 12;

const lowered = (word: string): string => word.slice(0, 1).toLowerCase() + word.slice(1);

/** Whether a word is capital only because it stands first: names keep their capital. */
function isPlain(word: string, elsewhere: string): boolean {
  if (word.length > 1 && word.slice(1) !== word.slice(1).toLowerCase()) return false;
  const isCommon = [FIGURES, THINGS].some((words) => new RegExp(`^(?:${words.source})$`, "i").test(word));
  return isCommon || FUNCTION_WORDS.test(word) || elsewhere.split(/[^\p{L}\p{N}'’-]+/u).includes(lowered(word));
}

export function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
