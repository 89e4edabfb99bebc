import { createHash } from "node:crypto";

/** One source of ffmpeg with its filters, as written in a filter graph, and how loud it is in the mix (1 = full). */
export interface SoundLayer {
  readonly name: string;
  readonly graph: string;
  readonly volume: number;
}

interface Recipe {
  readonly name: string;
  readonly words: RegExp;
  readonly volume: number;
  /** `seed` makes noise differ between descriptions and be the same for one. */
  readonly graph: (seed: number) => string;
}

const noise = (color: "white" | "pink" | "brown", seed: number): string =>
  `anoisesrc=color=${color}:amplitude=0.8:sample_rate=48000:seed=${seed}`;
/** Short bursts of noise: one every `period` seconds, dying away at `decay`. */
const bursts = (period: number, decay: number): string =>
  `aevalsrc=exprs='(random(0)*2-1)*exp(-${decay}*mod(t\\,${period}))':sample_rate=48000`;

/**
 * Frequencies in hertz, times in seconds. Old tremolo filters write past their table where the sample rate is no even
 * multiple of the frequency (seen: a 2018 build dies of 7 Hz at 48,000).
 */
const RECIPES: readonly Recipe[] = [
  {
    name: "rain",
    words: /\b(rain\w*|drizzle|downpour|shower)\b/,
    volume: 0.5,
    graph: (seed) => `${noise("white", seed)},highpass=f=900,lowpass=f=9000,tremolo=f=8:d=0.2`,
  },
  {
    name: "storm",
    words: /\b(storm\w*|thunder\w*|explosion\w*|blast|rumbl\w*|avalanche|earthquake)\b/,
    volume: 1,
    graph: (seed) => `${noise("brown", seed)},lowpass=f=120,tremolo=f=0.25:d=0.9,volume=4`,
  },
  {
    name: "wind",
    words: /\b(wind\w*|breeze|gust\w*|blizzard|desert|mountain\w*|sky)\b/,
    volume: 0.6,
    graph: (seed) => `${noise("pink", seed)},bandpass=f=500:width_type=h:w=400,tremolo=f=0.25:d=0.7,volume=3`,
  },
  {
    name: "fire",
    words: /\b(fire\w*|flame\w*|campfire|crackl\w*|burn\w*|torch\w*|hearth)\b/,
    volume: 0.7,
    graph: () =>
      `aevalsrc=exprs='(random(0)*2-1)*(0.12+0.9*gt(random(1)\\,0.9985))':sample_rate=48000,highpass=f=300,lowpass=f=6000`,
  },
  {
    name: "water",
    words: /\b(sea|ocean|wave\w*|surf|beach|coast|river|stream|brook|waterfall|water|lake)\b/,
    volume: 0.7,
    graph: (seed) => `${noise("brown", seed)},highpass=f=200,lowpass=f=2500,tremolo=f=0.125:d=0.75,volume=2`,
  },
  {
    name: "steps",
    words: /\b(foot\w*|step\w*|walk\w*|run\w*|march\w*)\b/,
    volume: 0.8,
    graph: () => `${bursts(0.55, 35)},lowpass=f=900,volume=2`,
  },
  {
    name: "city",
    words: /\b(city|street\w*|traffic|town|market|crowd\w*|urban|cars?)\b/,
    volume: 0.5,
    graph: (seed) => `${noise("brown", seed)},lowpass=f=500,tremolo=f=0.5:d=0.4,volume=2.5`,
  },
  {
    name: "engine",
    words: /\b(engine\w*|motor\w*|machine\w*|ship|train|truck|factory|mill|spacecraft|rocket)\b/,
    volume: 0.4,
    graph: () =>
      "aevalsrc=exprs='0.4*sin(2*PI*55*t)+0.25*sin(2*PI*110*t)+0.1*sin(2*PI*82*t)':sample_rate=48000,tremolo=f=12:d=0.5",
  },
  {
    name: "birds",
    words: /\b(bird\w*|forest|wood\w*|jungle|garden|meadow|morning|dawn|spring)\b/,
    volume: 0.25,
    graph: () =>
      "aevalsrc=exprs='0.5*sin(2*PI*(2600+900*sin(2*PI*9*t))*t/2)*between(mod(t\\,1.7)\\,0.1\\,0.45)*sin(PI*(mod(t\\,1.7)-0.1)/0.35)':sample_rate=48000",
  },
  {
    name: "insects",
    words: /\b(night|cricket\w*|insect\w*|cicada\w*|swamp)\b/,
    volume: 0.2,
    graph: () =>
      "aevalsrc=exprs='0.4*sin(2*PI*4300*t)*gt(sin(2*PI*17*t)\\,0)*between(mod(t\\,0.9)\\,0\\,0.4)':sample_rate=48000",
  },
  {
    name: "bells",
    words: /\b(bell\w*|chime\w*|church|temple|magic\w*)\b/,
    volume: 0.5,
    graph: () =>
      "aevalsrc=exprs='exp(-1.6*mod(t\\,2.5))*(0.5*sin(2*PI*523*t)+0.3*sin(2*PI*1319*t)+0.15*sin(2*PI*2093*t))':sample_rate=48000",
  },
  {
    name: "knocks",
    words: /\b(knock\w*|door|hammer\w*|impact|hit\w*|clang\w*|anvil|drum\w*)\b/,
    volume: 0.8,
    graph: () => `${bursts(0.8, 25)},bandpass=f=220:width_type=h:w=200,volume=4`,
  },
  {
    name: "clock",
    words: /\b(clock|tick\w*|watch|typing|keyboard)\b/,
    volume: 0.5,
    graph: () => `${bursts(0.5, 120)},highpass=f=2000`,
  },
  {
    name: "tone",
    words: /\b(music\w*|drone|tension|suspense|hum\w*|eerie|mysterious|space|ambient|dark)\b/,
    volume: 0.4,
    graph: () =>
      "aevalsrc=exprs='0.3*sin(2*PI*110*t)+0.25*sin(2*PI*164.8*t)+0.2*sin(2*PI*220.5*t)':sample_rate=48000,tremolo=f=0.25:d=0.4",
  },
];
/** Heard under everything, and alone where no word says what to hear. */
const AIR = (seed: number): SoundLayer => ({
  name: "air",
  graph: `${noise("pink", seed)},lowpass=f=700`,
  volume: 0.12,
});
const MAX_LAYERS = 4;

/** What a description sounds like: at most four layers by its words over a breath of air, never none. */
export function soundLayers(description: string): readonly SoundLayer[] {
  const text = description.toLowerCase();
  const seed = createHash("sha256").update(text).digest().readUInt16BE(0);
  const named = RECIPES.flatMap(({ name, words, volume, graph }) => {
    const at = text.search(words);
    return at < 0 ? [] : [{ at, layer: { name, graph: graph(seed), volume } }];
  });
  const first = named.sort((a, b) => a.at - b.at).slice(0, MAX_LAYERS);
  return [...first.map(({ layer }) => layer), AIR(seed)];
}
