import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { NORMALIZATION_VECTORS, YOUTUBE_VECTORS } from "./normalization.contract.ts";
import { resourceKeyOfContent, resourceKeyOfUrl, resourceKeyOfVideo } from "./resource-key.ts";

const sha256 = (text: string): Uint8Array => createHash("sha256").update(text).digest();

describe("resource keys (A-S13)", () => {
  it.each(NORMALIZATION_VECTORS)("A-S08 %j (normal form %j) has the key %s", (url, _normal, key) => {
    expect(resourceKeyOfUrl(url, { sha256 })).toBe(key);
  });

  it.each(YOUTUBE_VECTORS)("A-S08 %s is keyed by its video", (url, id) => {
    expect(resourceKeyOfUrl(url, { sha256 })).toBe(`yt:${id}`);
  });

  it("A-S08 equal normal forms have equal keys and different ones differ, in 16 characters of base64url", () => {
    const keyOf = new Map(NORMALIZATION_VECTORS.map(([, normal, key]) => [normal, key]));
    expect(new Set(keyOf.values()).size).toBe(keyOf.size);
    for (const [url, normal] of NORMALIZATION_VECTORS) {
      expect(resourceKeyOfUrl(url, { sha256 })).toBe(keyOf.get(normal));
      expect(resourceKeyOfUrl(url, { sha256 })).toMatch(/^url:[0-9A-Za-z_-]{16}$/);
    }
  });

  it("A-S08 an address that is no video but lives on YouTube is keyed as a page", () => {
    expect(resourceKeyOfUrl("https://www.youtube.com/playlist?list=PL1", { sha256 })).toMatch(/^url:/);
  });

  it("A-S08 other content is keyed by its id", () => {
    expect(resourceKeyOfContent("0190b6a0-0000-7000-8000-000000000000")).toBe(
      "cid:0190b6a0-0000-7000-8000-000000000000",
    );
  });

  it("A-S08 a video key needs a video id", () => {
    expect(resourceKeyOfVideo("dQw4w9WgXcQ")).toBe("yt:dQw4w9WgXcQ");
    for (const id of ["", "dQw4w9WgXc", "dQw4w9WgXcQQ", "dQw4w9WgX/Q", "videoseries"]) {
      expect(() => resourceKeyOfVideo(id)).toThrow(expect.objectContaining({ code: "VALIDATION_FAILED" }));
    }
  });

  it("A-Q04 takes configured tracking names into account", () => {
    const options = { sha256, trackingParameters: ["ref"] };
    expect(resourceKeyOfUrl("https://example.com/?ref=1", options)).toBe(
      resourceKeyOfUrl("https://example.com/", { sha256 }),
    );
  });

  it("refuses a digest that is no SHA-256, which would re-key everything in silence", () => {
    const sha1 = (text: string): Uint8Array => createHash("sha1").update(text).digest();
    expect(() => resourceKeyOfUrl("https://example.com/", { sha256: sha1 })).toThrow(/32 bytes/);
  });
});
