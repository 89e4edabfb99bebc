/** What a call used, for the account of costs (C2.8). */
export interface MediaUsage {
  readonly provider: string;
  readonly calls: number;
  /** Images, clips, characters or seconds, as the provider counts them. */
  readonly units: number;
  /** Null when the price is not known; 0 for what runs here. */
  readonly costUsd: number | null;
}

/** A file that was made, in the folder the caller named. */
export interface MadeFile {
  readonly path: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly usage: MediaUsage;
}

interface MediaCall {
  /** Where the file goes; its folder exists. Replaced when it is there already. */
  readonly outputPath: string;
  readonly signal: AbortSignal;
}

export type ImageKind = "character" | "environment" | "prop";

/** Makes a still image from words: a PNG. */
export interface ImageMaker {
  readonly name: string;
  makeImage(
    call: MediaCall & {
      readonly prompt: string;
      readonly kind: ImageKind;
      readonly width: number;
      readonly height: number;
      /** The same seed and prompt give the same image where the maker can. */
      readonly seed: string;
      /** Images it should resemble, such as the same character made before, where the maker can. */
      readonly referencePaths?: readonly string[];
    },
  ): Promise<MadeFile>;
}

/** Puts assets together to a frame of exactly 1920 × 1080; `split` shows two halves of 960. */
export interface Compositor {
  composeFrame(
    call: MediaCall & {
      readonly environmentPath: string;
      readonly figurePaths: readonly string[];
      readonly layout: "single" | "split";
      /** The other half's environment; with `split` only. */
      readonly secondEnvironmentPath?: string;
    },
  ): Promise<MadeFile>;
}

/** Sets a still in motion: an MP4 of `seconds`. */
export interface ClipMaker {
  readonly name: string;
  makeClip(
    call: MediaCall & {
      readonly imagePath: string;
      /** Core action first, camera last. */
      readonly prompt: string;
      readonly seconds: number;
      readonly progress: (share: number) => void;
      /** The order of an earlier try, as it gave it to `keepState`: it is waited for instead of paid for again. */
      readonly state?: string | null;
      /** Saves the order as soon as there is one; an empty text when it is of no more use. */
      readonly keepState?: (state: string) => Promise<void>;
    },
  ): Promise<MadeFile & { readonly seconds: number }>;
}

/** Speaks a text. */
export interface Narrator {
  readonly name: string;
  speak(
    call: MediaCall & { readonly text: string; readonly voiceId: string },
  ): Promise<MadeFile & { readonly seconds: number }>;
}

/** Makes a sound, no speech, from words. */
export interface SoundMaker {
  readonly name: string;
  makeSound(
    call: MediaCall & { readonly description: string; readonly seconds: number },
  ): Promise<MadeFile & { readonly seconds: number }>;
}

export interface AssemblyClip {
  readonly videoPath: string;
  readonly narrationPath: string;
  readonly soundPath: string;
}

/** What ffprobe says of a finished video. */
export interface VideoFacts {
  readonly seconds: number;
  readonly width: number;
  readonly height: number;
  readonly videoCodec: string;
  readonly audioCodec: string;
  readonly bytes: number;
}

/** Each clip as long as its narration, narration and sound mixed, hard cuts; H.264 and AAC, checked when it is done. */
export interface Assembler {
  assemble(
    call: MediaCall & { readonly clips: readonly AssemblyClip[]; readonly progress: (share: number) => void },
  ): Promise<MadeFile & { readonly facts: VideoFacts }>;
}

export interface PublishRequest {
  readonly videoPath: string;
  /** Cut to 100 characters by the publisher's rules, the description to 5,000. */
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly privacy: "private" | "unlisted" | "public";
  /** Of the channel; null where the publisher needs none. */
  readonly refreshToken: string | null;
  /** Where an upload that was broken off goes on; saved by `keepState` as soon as there is one. */
  readonly state: string | null;
  readonly keepState: (state: string) => Promise<void>;
  readonly signal: AbortSignal;
  readonly progress: (share: number) => void;
}

/** Hands a finished video to where people watch it. Publishing the same state twice publishes once. */
export interface Publisher {
  readonly name: string;
  publish(
    request: PublishRequest,
  ): Promise<{ readonly videoId: string; readonly url: string; readonly usage: MediaUsage }>;
}
