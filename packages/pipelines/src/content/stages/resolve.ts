import { classifyUrl, done, normalizeUrl, youtubeVideoId } from "@millrace/core";
import type { ContentStage } from "../content-stage.ts";

/** Says what the job is about, from its input alone. A bad address is final. */
export const resolve: ContentStage<"resolve"> = async ({ input }) => {
  const stored_path = input.reprocess?.file_path ?? null;
  if (input.source === "upload") {
    return done({ source: "upload", url_class: null, source_url: null, video_id: null, stored_path });
  }
  // refuses what is no web address, in whatever way it was submitted
  normalizeUrl(input.url);
  const video_id = input.source === "youtube" ? input.video_id : (youtubeVideoId(input.url) ?? null);
  const source = video_id === null ? "url" : "youtube";
  return done({ source, url_class: classifyUrl(input.url), source_url: input.url, video_id, stored_path });
};
