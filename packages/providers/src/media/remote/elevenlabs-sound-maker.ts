import type { SoundMaker } from "../media.ts";
import { createElevenlabs, type ElevenlabsOptions } from "./elevenlabs.ts";

export interface ElevenlabsSoundMakerOptions extends ElevenlabsOptions {
  readonly model?: string;
  /** 0 to 1: how closely the sound follows the words; 0.3 there when left out. */
  readonly promptInfluence?: number;
}

const MIN_SECONDS = 0.5;
const MAX_SECONDS = 30;
/** Where the length is asked for. */
const CREDITS_PER_SECOND = 40;

/** Sounds by ElevenLabs: an MP3 of 44,100 samples a second. */
export function createElevenlabsSoundMaker(options: ElevenlabsSoundMakerOptions): SoundMaker {
  const { model = "eleven_text_to_sound_v2", promptInfluence } = options;
  const { door, make } = createElevenlabs(options);
  return {
    name: "elevenlabs",
    async makeSound({ description, seconds, outputPath, signal }) {
      if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
        throw door.refused(`makes sounds of at most ${MAX_SECONDS} seconds; ${seconds} were asked for`);
      }
      if (description.trim() === "") throw door.refused("was given no sound to make");
      const length = Math.max(MIN_SECONDS, seconds);
      const body = {
        text: description,
        duration_seconds: length,
        model_id: model,
        ...(promptInfluence !== undefined && { prompt_influence: promptInfluence }),
      };
      const credits = Math.ceil(length * CREDITS_PER_SECOND);
      return make({ path: "sound-generation", body, model, credits, outputPath, signal });
    },
  };
}
