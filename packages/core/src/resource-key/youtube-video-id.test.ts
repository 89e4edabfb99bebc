import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOT_YOUTUBE_VIDEOS, YOUTUBE_VECTORS } from "./normalization.contract.ts";
import { isYoutubeVideoId, youtubeVideoId } from "./youtube-video-id.ts";

describe("youtubeVideoId", () => {
  it.each(YOUTUBE_VECTORS)("A-Q08 %s", (url, id) => {
    expect(youtubeVideoId(url)).toBe(id);
  });

  it.each(NOT_YOUTUBE_VIDEOS)("A-Q08 is no video: %j", (url) => {
    expect(youtubeVideoId(url)).toBeUndefined();
  });

  it("A-Q08 reads back any id from every form", () => {
    const hosts = ["youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "www.youtube-nocookie.com"];
    const forms = [
      (id: string) => `https://youtu.be/${id}`,
      ...hosts.flatMap((host) => [
        (id: string) => `https://${host}/watch?x=1&v=${id}`,
        ...["shorts", "embed", "live", "v"].map((word) => (id: string) => `http://${host}/${word}/${id}?t=1`),
      ]),
    ];
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9A-Za-z_-]{11}$/), (id) => {
        expect(isYoutubeVideoId(id)).toBe(true);
        for (const form of forms) expect(youtubeVideoId(form(id))).toBe(id);
      }),
    );
  });

  it("A-Q08 a host that merely contains the name is never taken for it", () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,5}$/);
    const lookalike = fc.oneof(
      part.map((text) => `${text}youtube.com`),
      part.map((text) => `youtube.com.${text}`),
      part.map((text) => `youtu.be.${text}`),
      part.filter((text) => text !== "www" && text !== "m" && text !== "music").map((text) => `${text}.youtube.com`),
    );
    fc.assert(
      fc.property(lookalike, (host) => {
        expect(youtubeVideoId(`https://${host}/watch?v=dQw4w9WgXcQ`)).toBeUndefined();
        expect(youtubeVideoId(`https://${host}/dQw4w9WgXcQ`)).toBeUndefined();
      }),
    );
  });
});
