import { earliest } from "./earliest.ts";

/** What a prompt's words say of a place. */
export interface Scene {
  readonly time: "dawn" | "day" | "dusk" | "night";
  readonly weather: "clear" | "rain" | "snow" | "fog";
  readonly place: Place;
}

export type Place = "forest" | "city" | "sea" | "desert" | "mountain" | "village" | "interior" | "space" | "field";

const TIMES: readonly [Scene["time"], RegExp][] = [
  ["night", /\b(night|midnight|moon\w*|stars?|starry|nocturnal)\b/],
  ["dusk", /\b(dusk|sunset|evening|twilight|golden hour)\b/],
  ["dawn", /\b(dawn|sunrise|morning|daybreak)\b/],
];
const WEATHERS: readonly [Scene["weather"], RegExp][] = [
  ["snow", /\b(snow\w*|blizzard|winter|frozen|ice|icy|arctic)\b/],
  ["rain", /\b(rain\w*|storm\w*|thunder\w*|drizzle|downpour)\b/],
  ["fog", /\b(fog\w*|mist\w*|haz[ey]\w*|smok\w*|eerie)\b/],
];
const PLACES: readonly [Place, RegExp][] = [
  ["space", /\b(space|planet\w*|galaxy|orbit|cosmos|asteroid\w*|spaceship)\b/],
  [
    "interior",
    /\b(interior|indoors?|room|hall|kitchen|library|office|laborator\w*|workshop|studio|tavern|classroom|throne|cave)\b/,
  ],
  ["city", /\b(city|street\w*|skyline|urban|downtown|skyscraper\w*|metropolis|factory)\b/],
  ["village", /\b(village|town|cottage\w*|farm\w*|castle|market|house\w*|monastery|temple|church)\b/],
  ["sea", /\b(sea|harbou?r|ocean|coast\w*|beach|shore|island\w*|lake|river|waves?|ship|boat)\b/],
  ["desert", /\b(desert|dunes?|sand\w*|pyramid\w*|oasis|canyon)\b/],
  ["mountain", /\b(mountain\w*|peaks?|alps|cliffs?|summit|valley|volcano)\b/],
  ["forest", /\b(forest|woods?|jungle|trees?|grove|rainforest|swamp)\b/],
];

export function sceneOf(prompt: string): Scene {
  const text = prompt.toLowerCase();
  return {
    time: first(TIMES, text) ?? "day",
    weather: first(WEATHERS, text) ?? "clear",
    place: earliest(PLACES, text) ?? "field",
  };
}

function first<T>(rules: readonly [T, RegExp][], text: string): T | undefined {
  return rules.find(([, words]) => words.test(text))?.[0];
}
