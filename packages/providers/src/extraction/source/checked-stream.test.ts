import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkedStream } from "./checked-stream.ts";

const checks = { format: "pdf", fileName: "a.pdf", maxBytes: 200_000 } as const;
const failure = (code: string) => expect.objectContaining({ code, retry: "never" });

describe("checkedStream", () => {
  it("hands on the same bytes, whatever their pieces, and knows what went by", async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40_000, size: "max" }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(pieces, async (rest) => {
        const all = [Buffer.from("%P"), Buffer.from("DF-1.7\n"), ...rest.map((piece) => Buffer.from(piece))];
        const whole = Buffer.concat(all);
        const checked = checkedStream(Readable.from(all), checks);
        expect((await buffer(checked.stream)).equals(whole)).toBe(true);
        expect(checked.seen()).toEqual({
          bytes: whole.length,
          sha256: createHash("sha256").update(whole).digest("hex"),
          kind: "pdf",
        });
      }),
      { numRuns: 30 },
    );
  });

  it("ends as soon as there is too much, before or after the first 64 KiB", async () => {
    for (const maxBytes of [20, 100_000]) {
      let taken = 0;
      const source = Readable.from(
        (function* () {
          yield Buffer.from("%PDF-1.7\n");
          for (; taken < 1_000; taken++) yield Buffer.alloc(1_000, "x");
        })(),
      );
      const { stream } = checkedStream(source, { ...checks, maxBytes });
      await expect(buffer(stream)).rejects.toEqual(failure("CONTENT_TOO_LARGE"));
      expect(taken).toBeLessThan(300);
    }
  });

  it("judges a file shorter than 64 KiB at its end, and a longer one there", async () => {
    for (const length of [0, 10, 65_535, 65_536, 150_000]) {
      const { stream } = checkedStream(Readable.from([Buffer.alloc(length, "x")]), checks);
      await expect(buffer(stream)).rejects.toEqual(failure(length === 0 ? "CONTENT_EMPTY" : "UNSUPPORTED_FORMAT"));
    }
  });
});
