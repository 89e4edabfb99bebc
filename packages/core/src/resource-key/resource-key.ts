import { MillraceError } from "../errors.ts";
import { type NormalizeOptions, normalizeUrl } from "./normalize-url.ts";
import { isYoutubeVideoId, youtubeVideoId } from "./youtube-video-id.ts";

/** SHA-256 of a text's UTF-8 bytes: 32 bytes. An argument, because the core imports nothing. */
export type Sha256 = (text: string) => Uint8Array;

export interface UrlKeyOptions extends NormalizeOptions {
  readonly sha256: Sha256;
}

/** 12 bytes are 16 characters of base64url without padding. */
const KEY_BYTES = 12;

/** `yt:<video_id>` for a YouTube video, `url:<hash16>` of the normalised address for every other page (A-S08). */
export function resourceKeyOfUrl(url: string, options: UrlKeyOptions): string {
  const videoId = youtubeVideoId(url);
  if (videoId !== undefined) return resourceKeyOfVideo(videoId);
  const digest = options.sha256(normalizeUrl(url, options));
  if (digest.length !== 32) throw new TypeError(`A SHA-256 has 32 bytes, not ${digest.length}`);
  return `url:${base64url(digest.subarray(0, KEY_BYTES))}`;
}

/** `yt:<video_id>` */
export function resourceKeyOfVideo(videoId: string): string {
  if (!isYoutubeVideoId(videoId)) {
    throw new MillraceError("VALIDATION_FAILED", "A YouTube video id is 11 of 0-9, A-Z, a-z, _ and -.", {
      details: { rule: "video_id" },
    });
  }
  return `yt:${videoId}`;
}

/** `cid:<content_id>`, for content that came without an address. */
export function resourceKeyOfContent(contentId: string): string {
  return `cid:${contentId}`;
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}
