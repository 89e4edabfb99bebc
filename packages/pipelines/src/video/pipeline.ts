import { definePipeline, type Pipeline } from "@millrace/core";
import type { VideoNeeds } from "./needs.ts";
import { type VideoSpecSettings, videoSpec } from "./spec.ts";
import { assembly } from "./stages/assembly.ts";
import { assets } from "./stages/assets.ts";
import { audio } from "./stages/audio.ts";
import { composites } from "./stages/composites.ts";
import { sfx } from "./stages/sfx.ts";
import { upload } from "./stages/upload.ts";
import { video } from "./stages/video.ts";

/** The making of videos (C), from a task to the published video. */
export function videoPipeline(needs: VideoNeeds, settings?: VideoSpecSettings): Pipeline {
  return definePipeline(videoSpec(settings), {
    assets: assets(needs),
    composites: composites(needs),
    video: video(needs),
    audio: audio(needs),
    sfx: sfx(needs),
    assembly: assembly(needs),
    upload: upload(needs),
  });
}
