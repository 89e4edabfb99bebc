import { MillraceError } from "@millrace/core";
import type { ImageKind } from "@millrace/providers";
import type { VideoInput } from "./input.ts";
import type { VideoTask } from "./needs.ts";
import { narrate } from "./story/narration.ts";
import { capitalised, subjectOf } from "./story/subject-of.ts";
import {
  ANY_FIGURES,
  ANY_PLACES,
  ANY_THINGS,
  FIGURES,
  MOODS,
  oneOf,
  PLACES,
  THINGS,
} from "./story/words-of-stories.ts";

/** An image that is made once and used in many frames. */
export interface PlannedAsset {
  /** `characters/01`. */
  readonly unit: string;
  readonly kind: ImageKind;
  readonly name: string;
  readonly prompt: string;
}

export interface PlannedClip {
  /** `07`. */
  readonly unit: string;
  readonly layout: "single" | "split";
  /** Units of the assets in it. */
  readonly environment: string;
  readonly secondEnvironment: string | null;
  readonly figures: readonly string[];
  /** What happens, and how the camera moves: another move for another take. */
  readonly promptOf: (take: number) => string;
  readonly narration: string;
  readonly sound: string;
  /** How long the clip is made. */
  readonly seconds: number;
}

export interface StoryPlan {
  readonly assets: readonly PlannedAsset[];
  readonly clips: readonly PlannedClip[];
}

type Story = Pick<VideoTask, "title" | "topic" | "storyDirection" | "narrationScripts" | "sfxDescriptions">;
type Scale = VideoInput["scale"];

/** Of 22 images (C2.2). */
const USUAL = { characters: 7, environments: 10, props: 5 } as const;
/** The frame with two halves: the fifteenth of eighteen. */
const SPLIT_AT = 15 / 18;
const MIN_CLIP_SECONDS = 1;
const MAX_CLIP_SECONDS = 10;

const TIMES = ["at dawn", "by day", "at dusk", "at night"] as const;
const SIDES = ["", "seen from the side", "seen from nearby", "seen from behind", "some years later"] as const;
const ACTIONS = [
  "looks around and takes a first step",
  "turns slowly toward us",
  "points into the distance",
  "walks on without hurry",
  "stops and thinks",
  "leans forward to see more",
  "raises a hand in greeting",
  "shows what was found",
] as const;
const CAMERAS = [
  "slow push in",
  "pan to the right",
  "pull back and reveal the place",
  "tilt up",
  "pan to the left",
  "drift forward",
  "crane down",
  "close-up",
] as const;

/** Everything that is to be made for a task, the same for the same task and scale. */
export function planStory(story: Story, scale: Scale): StoryPlan {
  const narrations = given(story.narrationScripts, "narration scripts", scale) ?? narrate(story, scale);
  const sounds = given(story.sfxDescriptions, "sound effects", scale);
  const assets = planAssets(story, scale.assets);
  const of = (kind: ImageKind): readonly AssetWithSound[] => assets.filter((asset) => asset.kind === kind);
  const cast = { characters: of("character"), environments: of("environment"), props: of("prop") };
  const clips = Array.from({ length: scale.clips }, (_, index) =>
    planClip({ index, scale, cast, narration: narrations[index] ?? "", sound: sounds?.[index] }),
  );
  return { assets: assets.map(({ sound: _, ...asset }) => asset), clips };
}

/** How many of each kind; the kinds with the largest remainders get what is left. There is always a place. */
export function shareAssets(count: number): Record<keyof typeof USUAL, number> {
  const kinds = Object.keys(USUAL) as (keyof typeof USUAL)[];
  const total = 22;
  const exact = kinds.map((kind) => ({ kind, share: (count * USUAL[kind]) / total }));
  const shares = Object.fromEntries(exact.map(({ kind, share }) => [kind, Math.floor(share)])) as ReturnType<
    typeof shareAssets
  >;
  if (shares.environments === 0) shares.environments = 1;
  const byRemainder = exact.sort((a, b) => (b.share % 1) - (a.share % 1));
  const left = count - kinds.reduce((sum, kind) => sum + shares[kind], 0);
  // the one place of a small story was not a remainder, so it is not served again
  const waiting = byRemainder.filter(({ kind, share }) => !(kind === "environments" && share < 1));
  for (let i = 0; i < left; i++) shares[waiting[i % waiting.length]?.kind ?? "environments"]++;
  return shares;
}

type AssetWithSound = PlannedAsset & { readonly sound: string };

function planAssets(story: Story, count: number): readonly AssetWithSound[] {
  const text = `${story.title}. ${story.topic}. ${story.storyDirection}`;
  const subject = subjectOf(story);
  const shares = shareAssets(count);
  const atmosphere = atmosphereOf(text);
  const figures = named([...peopleOf(text), ...wordsOf(text, FIGURES)], ANY_FIGURES);
  const things = named(wordsOf(text, THINGS), ANY_THINGS);
  const places = placesOf(text);
  const make = (kind: ImageKind, folder: string, share: number, describe: (index: number) => Described) =>
    Array.from({ length: share }, (_, index): AssetWithSound => {
      const { name, words, sound = "" } = describe(index);
      return {
        unit: `${folder}/${twoDigits(index)}`,
        kind,
        name,
        prompt: `${capitalised(words)}. ${atmosphere}`,
        sound,
      };
    });
  return [
    ...make("character", "characters", shares.characters, (index) => {
      const name = figures(index);
      return { name, words: `${name}, a figure of the story of ${subject}, full length, plain background` };
    }),
    ...make("environment", "environments", shares.environments, (index) => {
      const { name, sound } = places(index);
      return { name, sound, words: `${name}, where the story of ${subject} happens, wide view, nobody in it` };
    }),
    ...make("prop", "props", shares.props, (index) => {
      const name = things(index);
      return { name, words: `${name}, a thing in the story of ${subject}, alone, plain background` };
    }),
  ];
}

interface Described {
  readonly name: string;
  readonly words: string;
  readonly sound?: string;
}

const twoDigits = (index: number): string => String(index + 1).padStart(2, "0");

/** Joined to every prompt, so that all images look like one film. */
function atmosphereOf(text: string): string {
  const found = MOODS.filter(({ words }) => words.test(text)).map(({ mood }) => mood);
  const mood = found.length === 0 ? "clear air" : found.slice(0, 2).join(" and ");
  return `Atmosphere of the whole film: documentary, calm and curious, soft natural colours, fine grain, ${mood}, one consistent look.`;
}

/** Every word once, in the order of the text. */
function wordsOf(text: string, words: RegExp): string[] {
  return [...new Set([...text.matchAll(words)].map(([word]) => oneOf(word.toLowerCase())))];
}

/** Names of two or three words, such as Ada Lovelace; a title in capitals has none. */
function peopleOf(text: string): string[] {
  const names = text.matchAll(/(?<![.!?:]\s|^)\b\p{Lu}\p{Ll}+(?: (?:van|von|de|da|of))?(?: \p{Lu}\p{Ll}+){1,2}\b/gu);
  return [...new Set([...names].map(([name]) => name))].slice(0, 3);
}

/** First what the text names, then what any story has, then the same again from other sides. */
function named(found: readonly string[], any: readonly string[]): (index: number) => string {
  const all = [...found, ...any.filter((name) => !found.includes(name))];
  return (index) => {
    const name = all[index % all.length] ?? "";
    const side = SIDES[Math.floor(index / all.length) % SIDES.length] ?? "";
    return side === "" ? name : `${name} ${side}`;
  };
}

function placesOf(text: string): (index: number) => { readonly name: string; readonly sound: string } {
  const found = PLACES.filter(({ words }) => words.test(text));
  const rest = ANY_PLACES.filter(({ name }) => !found.some((place) => place.name === name));
  // a story about one place shows it at several times of the day before it goes elsewhere
  const all = [...found, ...found, ...rest];
  return (index) => {
    const { name = "", sound = "" } = all[index % all.length] ?? {};
    return { name: `${name} ${TIMES[index % TIMES.length]}`, sound };
  };
}

interface Cast {
  readonly characters: readonly AssetWithSound[];
  readonly environments: readonly AssetWithSound[];
  readonly props: readonly AssetWithSound[];
}

interface ClipPlan {
  readonly index: number;
  readonly scale: Scale;
  readonly cast: Cast;
  readonly narration: string;
  readonly sound: string | undefined;
}

function planClip({ index, scale, cast, narration, sound }: ClipPlan): PlannedClip {
  const { characters, environments, props } = cast;
  const at = Math.floor((index * environments.length) / scale.clips);
  const environment = environments[at];
  if (environment === undefined) throw new Error("a story without a place was planned");
  const isSplit = index === Math.round(scale.clips * SPLIT_AT) - 1 && scale.clips > 1 && environments.length > 1;
  const second = isSplit ? environments[(at + 1) % environments.length] : undefined;
  const lead = characters[index % Math.max(1, characters.length)];
  const other =
    (isSplit || index % 3 === 2) && characters.length > 1
      ? characters[(index + 1) % characters.length]
      : index % 2 === 1
        ? props[index % Math.max(1, props.length)]
        : undefined;
  const figures = [lead, other].filter((asset) => asset !== undefined);
  const action = ACTIONS[index % ACTIONS.length] ?? ACTIONS[0];
  const who = lead === undefined ? "Leaves and dust move in the air" : `${capitalised(lead.name)} ${action}`;
  const where = second === undefined ? environment.name : `${environment.name} and ${second.name}, side by side`;
  const promptOf = (take: number): string => {
    const camera = CAMERAS[(index + take - 1) % CAMERAS.length] ?? CAMERAS[0];
    return `${who}. The place: ${where}. Natural, unhurried motion. Camera: ${camera}.`;
  };
  return {
    unit: twoDigits(index),
    layout: second === undefined ? "single" : "split",
    environment: environment.unit,
    secondEnvironment: second?.unit ?? null,
    figures: figures.map(({ unit }) => unit),
    promptOf,
    narration,
    sound: sound ?? `${capitalised(environment.sound)}${index % 2 === 1 && lead !== undefined ? ", soft steps" : ""}`,
    seconds: Math.min(
      MAX_CLIP_SECONDS,
      Math.max(MIN_CLIP_SECONDS, Math.round((scale.seconds / scale.clips) * 100) / 100),
    ),
  };
}

/** The task's own texts, one for each clip. */
function given(texts: readonly string[] | null, what: string, { clips }: Scale): readonly string[] | undefined {
  if (texts === null) return undefined;
  if (texts.length === clips) return texts;
  throw new MillraceError(
    "MEDIA_REFUSED",
    `The task has ${texts.length} ${what}, but its channel makes videos of ${clips} clips: there must be exactly ${clips}.`,
    { details: { given: texts.length, wanted: clips } },
  );
}
