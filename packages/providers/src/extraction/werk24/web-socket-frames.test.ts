import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientFrame, type Frame, OPCODE, ProtocolError, serverFrames } from "./web-socket-frames.ts";

/** The same frame as a server would send it. */
function unmasked(frame: Buffer): Buffer {
  const short = (frame[1] ?? 0) & 0x7f;
  const head = short < 126 ? 2 : short === 126 ? 4 : 10;
  const mask = frame.subarray(head, head + 4);
  const payload = frame.subarray(head + 4).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([Buffer.from([frame[0] ?? 0, short]), frame.subarray(2, head), payload]);
}

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function framesOf(bytes: Buffer, { size = 7, maxBytes = 1_000_000 } = {}): Promise<Frame[]> {
  const next = serverFrames(cut(bytes, size), maxBytes);
  const frames: Frame[] = [];
  for (let frame = await next(); frame !== undefined; frame = await next()) frames.push(frame);
  return frames;
}

describe("frames", () => {
  it.each([0, 1, 125, 126, 65_535, 65_536, 70_000])(
    "of %i bytes arrive as they were sent, masked anew",
    async (length) => {
      const payload = Buffer.alloc(length, "drawing");
      const sent = clientFrame(OPCODE.text, payload);
      expect((sent[1] ?? 0) & 0x80).toBe(0x80);
      expect(await framesOf(unmasked(sent), { size: 1_000 })).toEqual([{ opcode: 1, isLast: true, payload }]);
      if (length > 100) expect(clientFrame(OPCODE.text, payload).equals(sent)).toBe(false);
    },
  );

  it("are the same however the network cuts them", async () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(payloads, fc.integer({ min: 1, max: 50 }), async (all, size) => {
        const bytes = Buffer.concat(all.map((each) => unmasked(clientFrame(OPCODE.text, Buffer.from(each)))));
        const frames = await framesOf(bytes, { size });
        expect(frames.map((frame) => [...frame.payload])).toEqual(all.map((each) => [...each]));
      }),
    );
  });

  it("that end too early, or bring more than allowed in all, are errors", async () => {
    const two = Buffer.concat([1, 2].map(() => unmasked(clientFrame(OPCODE.text, Buffer.alloc(60)))));
    expect(await framesOf(two, { maxBytes: 120 })).toHaveLength(2);
    await expect(framesOf(two, { maxBytes: 119 })).rejects.toBeInstanceOf(ProtocolError);
    for (const length of [1, 61, 63, two.length - 1]) {
      await expect(framesOf(two.subarray(0, length))).rejects.toThrow("within a frame");
    }
  });

  it("throw nothing but their own errors, whatever comes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        const outcome = await framesOf(Buffer.from(bytes), { maxBytes: 1_000 }).catch((error: unknown) => error);
        const isOwn =
          outcome instanceof ProtocolError || (outcome instanceof Error && /within a frame/.test(outcome.message));
        expect(Array.isArray(outcome) || isOwn).toBe(true);
      }),
    );
  });
});
