import { createHash } from "node:crypto";
import { resourceKeyOfContent, resourceKeyOfUrl, resourceKeyOfVideo } from "@millrace/core";
import type { ContentInput } from "./input.ts";

const sha256 = (text: string): Uint8Array => createHash("sha256").update(text).digest();

/** What a content job works on (A-S08): the video, the normalised address, or the uploaded content itself. */
export const resourceKeyOf =
  (trackingParameters: readonly string[]) =>
  (input: ContentInput): string => {
    switch (input.source) {
      case "youtube":
        return resourceKeyOfVideo(input.video_id);
      case "url":
        return resourceKeyOfUrl(input.url, { sha256, trackingParameters });
      case "upload":
        return resourceKeyOfContent(input.content_id);
    }
  };
