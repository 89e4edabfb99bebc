import type { Narrator } from "../media.ts";
import { createElevenlabs, type ElevenlabsOptions } from "./elevenlabs.ts";

/** Each left out as the voice has it. */
export interface VoiceSettings {
  /** 0 to 1: lively to even. */
  readonly stability?: number;
  /** 0 to 1. */
  readonly similarityBoost?: number;
  /** 0 to 1. */
  readonly style?: number;
  readonly useSpeakerBoost?: boolean;
  /** 0.7 to 1.2 times. */
  readonly speed?: number;
}

export interface ElevenlabsNarratorOptions extends ElevenlabsOptions {
  readonly model?: string;
  readonly voiceSettings?: VoiceSettings;
}

/** The least any of the models takes at once. */
const MAX_CHARACTERS = 5_000;

/** Narration by ElevenLabs: an MP3 of 44,100 samples a second. A voice is named by its id there. */
export function createElevenlabsNarrator(options: ElevenlabsNarratorOptions): Narrator {
  const { model = "eleven_v3", voiceSettings } = options;
  const { door, make } = createElevenlabs(options);
  return {
    name: "elevenlabs",
    async speak({ text, voiceId, outputPath, signal }) {
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(voiceId)) throw door.refused("names voices by letters and digits only");
      if (!/[\p{L}\p{N}]/u.test(text)) throw door.refused("was given no word to speak");
      const credits = [...text].length;
      if (credits > MAX_CHARACTERS) {
        throw door.refused(`speaks at most ${MAX_CHARACTERS} characters at once; these are ${credits}`);
      }
      const body = { text, model_id: model, ...(voiceSettings && { voice_settings: settingsOf(voiceSettings) }) };
      return make({ path: `text-to-speech/${voiceId}`, body, model, credits, outputPath, signal });
    },
  };
}

function settingsOf({ similarityBoost, useSpeakerBoost, ...rest }: VoiceSettings): object {
  return {
    ...rest,
    ...(similarityBoost !== undefined && { similarity_boost: similarityBoost }),
    ...(useSpeakerBoost !== undefined && { use_speaker_boost: useSpeakerBoost }),
  };
}
