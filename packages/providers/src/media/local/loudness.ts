import { z } from "zod";

/** What platforms play speech at, in LUFS; no peak above `PEAK_DB`. */
const SPEECH_LUFS = -16;
const PEAK_DB = -1.5;
const RANGE_LU = 11;
/** How far the sound lies below the voice. */
export const SOUND_BELOW_VOICE_DB = -18;

const TARGET = `loudnorm=I=${SPEECH_LUFS}:TP=${PEAK_DB}:LRA=${RANGE_LU}`;
/** Brings whatever loudness comes to the target; leaves 192,000 samples a second behind, hence the second filter. */
export const LEVELLED = `${TARGET},aresample=48000`;
/** Prints what it measured to standard error. */
export const MEASURE = `${TARGET}:print_format=json`;

const measured = z.object({
  input_i: z.coerce.number(),
  input_tp: z.coerce.number(),
  input_lra: z.coerce.number(),
  input_thresh: z.coerce.number(),
  target_offset: z.coerce.number(),
});

/** The second pass over a whole mix: one gain for all of it. Levels while it plays where nothing could be measured. */
export function levelledAsMeasured(stderr: string): string {
  const json = /\{[^{}]*"input_i"[^{}]*\}/.exec(stderr)?.[0];
  const found = json === undefined ? undefined : measured.safeParse(JSON.parse(json));
  if (!found?.success || !Object.values(found.data).every(Number.isFinite)) return LEVELLED;
  const { input_i, input_tp, input_lra, input_thresh, target_offset } = found.data;
  const values = `measured_I=${input_i}:measured_TP=${input_tp}:measured_LRA=${input_lra}:measured_thresh=${input_thresh}`;
  return `${TARGET}:${values}:offset=${target_offset}:linear=true,aresample=48000`;
}
