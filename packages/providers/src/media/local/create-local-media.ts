import type { Assembler, ClipMaker, Compositor, ImageMaker, Narrator, SoundMaker } from "../media.ts";
import { createLocalAssembler } from "./local-assembler.ts";
import { createLocalClipMaker, FULL_HD, type VideoFrame } from "./local-clip-maker.ts";
import { createLocalCompositor } from "./local-compositor.ts";
import { createLocalImageMaker } from "./local-image-maker.ts";
import { createLocalNarrator } from "./local-narrator.ts";
import { createLocalSoundMaker } from "./local-sound-maker.ts";
import type { MediaTools } from "./media-tools.ts";

/** A maker for each port, all of this machine. */
export interface LocalMedia {
  readonly images: ImageMaker;
  readonly compositor: Compositor;
  readonly clips: ClipMaker;
  readonly narrator: Narrator;
  readonly sounds: SoundMaker;
  readonly assembler: Assembler;
}

export interface LocalMediaOptions {
  readonly tools: MediaTools;
  /** Of clips and the finished video; 1920 × 1080 at 25 pictures a second by default. */
  readonly frame?: VideoFrame;
}

/** Media without an account and without a network. Nothing is looked up or started before the first call. */
export function createLocalMedia({ tools, frame = FULL_HD }: LocalMediaOptions): LocalMedia {
  return {
    images: createLocalImageMaker(),
    compositor: createLocalCompositor(),
    clips: createLocalClipMaker({ tools, frame }),
    narrator: createLocalNarrator({ tools }),
    sounds: createLocalSoundMaker({ tools }),
    assembler: createLocalAssembler({ tools, frame }),
  };
}
