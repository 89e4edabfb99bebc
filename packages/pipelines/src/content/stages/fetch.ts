import { done } from "@millrace/core";
import type { ContentStage } from "../content-stage.ts";
import { fetchPage } from "../fetch-page.ts";
import { fetchVideo } from "../fetch-video.ts";
import type { StageNeeds } from "../needs.ts";
import { openStored } from "../open-stored.ts";
import { openUpload } from "../open-upload.ts";

/** Brings the bytes: what is stored already (A-S23), an upload, a page or a video's transcript; by reference. */
export function fetchSource(needs: StageNeeds): ContentStage<"fetch"> {
  return async (context) => {
    const { input, outputs } = context;
    const stored = await openStored(needs, context);
    if (stored !== undefined) return done(stored.fetched, stored.warnings);
    const isLost = outputs.resolve.stored_path !== null;
    const lost = { code: "STORED_TEXT_MISSING", message: "the stored text is gone; its source was asked again" };
    const found =
      input.source === "upload"
        ? { fetched: await openUpload(needs, input), warnings: [] }
        : outputs.resolve.video_id === null
          ? { fetched: await fetchPage(needs, context), warnings: [] }
          : await fetchVideo(needs, context, outputs.resolve.video_id);
    return done(found.fetched, isLost ? [lost, ...found.warnings] : found.warnings);
  };
}
