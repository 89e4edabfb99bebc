import { createHash } from "node:crypto";

/** How espeak-ng speaks: its language or accent, a variant, words a minute, pitch 0 to 99. */
export interface Voice {
  readonly language: string;
  readonly variant: string;
  readonly wordsPerMinute: number;
  readonly pitch: number;
}

/** The voices with names of their own, for `voice_id` of a channel. */
export const VOICES = {
  narrator: { language: "en-us", variant: "m3", wordsPerMinute: 155, pitch: 42 },
  storyteller: { language: "en-gb", variant: "m7", wordsPerMinute: 145, pitch: 38 },
  presenter: { language: "en-us", variant: "f2", wordsPerMinute: 165, pitch: 52 },
  reader: { language: "en-gb", variant: "f4", wordsPerMinute: 150, pitch: 48 },
  elder: { language: "en-gb-scotland", variant: "m1", wordsPerMinute: 135, pitch: 30 },
} as const satisfies Record<string, Voice>;

const NAMES = Object.keys(VOICES) as (keyof typeof VOICES)[];
const LANGUAGE = /^(?<language>[a-z]{2,3}(?:-[a-z0-9]{2,8})*)(?:\+(?<variant>[mf][1-7]))?$/;

/**
 * The voice of a name above, of a language (`de`, `en-gb+f2`), or one of the named for anything else, such as another
 * provider's id: the same for the same id.
 */
export function voiceOf(voiceId: string): Voice {
  const named = NAMES.find((name) => name === voiceId);
  if (named !== undefined) return VOICES[named];
  const { language, variant = "m3" } = LANGUAGE.exec(voiceId)?.groups ?? {};
  if (language !== undefined) return { language, variant, wordsPerMinute: 155, pitch: 45 };
  const [byte = 0] = createHash("sha256").update(voiceId).digest();
  return VOICES[NAMES[byte % NAMES.length] ?? "narrator"];
}
