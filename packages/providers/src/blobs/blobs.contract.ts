import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { BlobHead, Blobs } from "@millrace/core";
import { describe, expect, it } from "vitest";

const MEGABYTE = 1_000_000;

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const codeOf = (code: string) => expect.objectContaining({ code });

async function keysOf(list: AsyncIterable<BlobHead>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of list) keys.push(key);
  return keys;
}

/** `count` chunks of 64 KB; tells how many were taken. */
function chunks(count: number): { source: Readable; taken: () => number } {
  let taken = 0;
  const source = Readable.from(
    (function* () {
      for (; taken < count; taken++) yield Buffer.alloc(65_536, taken);
    })(),
    { objectMode: false },
  );
  return { source, taken: () => taken };
}

const INVALID_KEYS = [
  "",
  "/",
  "/a",
  "a/",
  "a//b",
  ".",
  "..",
  "../a",
  "a/../b",
  "a/..",
  "a/./b",
  "a b",
  "a\\b",
  "a\0",
  "a\n",
  "~incoming/x",
  "ü",
  "a%2Fb",
  "C:",
  "x".repeat(201),
  `${"x/".repeat(400)}x`,
];

/** What every blob store must do. `open` gives an empty store. */
export function blobsContract(name: string, open: () => Promise<Blobs>): void {
  describe(`${name}: bytes by key`, () => {
    it("gives back what was put: text, bytes, nothing", async () => {
      const blobs = await open();
      const everyByte = Uint8Array.from({ length: 256 }, (_, value) => value);
      const text = "Grüße, 世界 \u{1F600}\r\n";
      expect(await blobs.put("web/a1/content.md", text)).toEqual({
        key: "web/a1/content.md",
        bytes: Buffer.byteLength(text),
      });
      await blobs.put("bytes_-.bin", everyByte);
      await blobs.put("empty", "");
      expect(Buffer.from(await blobs.get("web/a1/content.md")).toString()).toBe(text);
      expect([...(await blobs.get("bytes_-.bin"))]).toEqual([...everyByte]);
      expect((await blobs.get("empty")).length).toBe(0);
      expect(await buffer(await blobs.getStream("web/a1/content.md"))).toEqual(Buffer.from(text));
      expect(await buffer(await blobs.getStream("empty"))).toEqual(Buffer.alloc(0));
      expect(await blobs.head("bytes_-.bin")).toEqual({ key: "bytes_-.bin", bytes: 256 });
      expect(await blobs.head("empty")).toEqual({ key: "empty", bytes: 0 });
    });

    it("replaces, also by something shorter", async () => {
      const blobs = await open();
      await blobs.put("a/b", "long before");
      await blobs.put("a/b", "now");
      expect(Buffer.from(await blobs.get("a/b")).toString()).toBe("now");
      expect(await blobs.head("a/b")).toEqual({ key: "a/b", bytes: 3 });
    });

    it("says what is missing", async () => {
      const blobs = await open();
      await blobs.put("a/b", "x");
      for (const key of ["none", "a", "a/c", "a/b/c"]) {
        await expect(blobs.get(key), key).rejects.toEqual(codeOf("BLOB_MISSING"));
        await expect(blobs.getStream(key), key).rejects.toEqual(codeOf("BLOB_MISSING"));
        expect(await blobs.head(key), key).toBeUndefined();
      }
    });

    it("deletes, and deleting again is fine", async () => {
      const blobs = await open();
      await blobs.put("a/b/c", "x");
      await blobs.put("a/d", "y");
      await blobs.delete("a/b/c");
      await blobs.delete("a/b/c");
      await blobs.delete("never/there");
      expect(await blobs.head("a/b/c")).toBeUndefined();
      expect(await keysOf(blobs.list(""))).toEqual(["a/d"]);
      await blobs.put("a/b/c", "again");
      expect(await keysOf(blobs.list("a/"))).toEqual(["a/b/c", "a/d"]);
    });

    it("reads no more than asked for", async () => {
      const blobs = await open();
      await blobs.put("ten", "0123456789");
      expect((await blobs.get("ten", { maxBytes: 10 })).length).toBe(10);
      await expect(blobs.get("ten", { maxBytes: 9 })).rejects.toEqual(codeOf("CONTENT_TOO_LARGE"));
    });

    it("refuses keys that are no plain relative paths, in every method", async () => {
      const blobs = await open();
      const acts = [
        (key: string) => blobs.put(key, "x"),
        (key: string) => blobs.putStream(key, Readable.from(["x"]), { maxBytes: 10 }),
        (key: string) => blobs.get(key),
        (key: string) => blobs.getStream(key),
        (key: string) => blobs.head(key),
        (key: string) => blobs.delete(key),
      ];
      for (const key of INVALID_KEYS) {
        for (const act of acts) await expect(act(key), key).rejects.toEqual(codeOf("VALIDATION_FAILED"));
      }
      for (const prefix of ["/", "../", "a/../", "a//", "a b", "..", "~"]) {
        await expect(keysOf(blobs.list(prefix)), prefix).rejects.toEqual(codeOf("VALIDATION_FAILED"));
      }
      expect(await keysOf(blobs.list(""))).toEqual([]);
    });

    it("lists by any start of a key, in the order of the keys' bytes", async () => {
      const blobs = await open();
      const keys = ["a-b/x", "a.b", "a/b", "a/b.c", "a/bc/d", "a0", "B/c", "ab/c"];
      for (const key of keys) await blobs.put(key, key);
      expect(await keysOf(blobs.list(""))).toEqual([...keys].sort());
      expect(await keysOf(blobs.list("a/"))).toEqual(["a/b", "a/b.c", "a/bc/d"]);
      expect(await keysOf(blobs.list("a/b"))).toEqual(["a/b", "a/b.c", "a/bc/d"]);
      expect(await keysOf(blobs.list("a/bc/d"))).toEqual(["a/bc/d"]);
      expect(await keysOf(blobs.list("a."))).toEqual(["a.b"]);
      expect(await keysOf(blobs.list("none"))).toEqual([]);
      expect(await keysOf(blobs.list("none/at/all"))).toEqual([]);
      const sizes = [];
      for await (const head of blobs.list("a/b")) sizes.push(head.bytes);
      expect(sizes).toEqual([3, 5, 6]);
    });

    it("answers a check", async () => {
      await expect((await open()).check()).resolves.toBeUndefined();
    });
  });

  describe(`${name}: streams`, () => {
    it("takes and gives 12 MB", async () => {
      const blobs = await open();
      const bytes = randomBytes(12 * MEGABYTE);
      const slices = Array.from({ length: 120 }, (_, index) => bytes.subarray(index * 100_000, (index + 1) * 100_000));
      const source = Readable.from(slices, { objectMode: false });
      expect(await blobs.putStream("big", source, { maxBytes: bytes.length })).toEqual({
        key: "big",
        bytes: bytes.length,
      });
      expect(await blobs.head("big")).toEqual({ key: "big", bytes: bytes.length });
      expect(sha256(await buffer(await blobs.getStream("big")))).toBe(sha256(bytes));
      expect(sha256(await blobs.get("big"))).toBe(sha256(bytes));
    });

    it("gives a part of the bytes", async () => {
      const blobs = await open();
      const bytes = randomBytes(300_000);
      await blobs.put("parts", bytes);
      for (const [start, end] of [
        [0, 1], // s3rver takes an end of 0 for none
        [7, 7],
        [100_000, 250_000],
        [299_999, 299_999],
        [0, 299_999],
      ] as const) {
        const part = await buffer(await blobs.getStream("parts", { start, end }));
        expect(sha256(part), `${start}-${end}`).toBe(sha256(bytes.subarray(start, end + 1)));
      }
      await expect(blobs.getStream("none", { start: 0, end: 1 })).rejects.toEqual(codeOf("BLOB_MISSING"));
    });

    it("takes an empty stream and one of text", async () => {
      const blobs = await open();
      expect(await blobs.putStream("empty", Readable.from([]), { maxBytes: 0 })).toEqual({ key: "empty", bytes: 0 });
      const text = Readable.from([Buffer.from("grü"), Buffer.from("ße")], { objectMode: false }).setEncoding("utf8");
      expect(await blobs.putStream("text", text, { maxBytes: 7 })).toEqual({ key: "text", bytes: 7 });
      expect(Buffer.from(await blobs.get("text")).toString()).toBe("grüße");
    });

    it.each([
      ["a small cap", 100_000, 1e9],
      ["a cap beyond one part", 11 * MEGABYTE, 1e9],
      ["the very last byte", 12 * 65_536 - 1, 12],
    ])("stops at %s and leaves nothing, or what was there, behind", async (_name, maxBytes, count) => {
      const blobs = await open();
      await blobs.put("kept", "before");
      for (const key of ["fresh", "kept"]) {
        const { source, taken } = chunks(count);
        await expect(blobs.putStream(key, source, { maxBytes })).rejects.toEqual(codeOf("CONTENT_TOO_LARGE"));
        expect(source.destroyed).toBe(true);
        expect(taken()).toBeLessThan(maxBytes / 65_536 + 20);
      }
      expect(await keysOf(blobs.list(""))).toEqual(["kept"]);
      expect(Buffer.from(await blobs.get("kept")).toString()).toBe("before");
    });

    it.each([
      ["early", 1],
      ["after a part", 100],
    ])("passes on why the source broke %s, and leaves nothing behind", async (_name, count) => {
      const blobs = await open();
      const reason = new Error("the client hung up");
      const source = Readable.from(
        (function* () {
          for (let index = 0; index < count; index++) yield Buffer.alloc(65_536);
          throw reason;
        })(),
        { objectMode: false },
      );
      await expect(blobs.putStream("broken", source, { maxBytes: 1e9 })).rejects.toBe(reason);
      expect(await keysOf(blobs.list(""))).toEqual([]);
    });

    it("does not take a stream that was cut for a finished one", async () => {
      const blobs = await open();
      const source = new Readable({ read() {} });
      source.push("half");
      const attempt = blobs.putStream("cut", source, { maxBytes: 100 });
      setImmediate(() => source.destroy());
      await expect(attempt).rejects.toThrow();
      expect(await blobs.head("cut")).toBeUndefined();
    });
  });

  describe(`${name}: at once`, () => {
    it("shows readers the old bytes or the new ones, never a mix", async () => {
      const blobs = await open();
      const bytes = (fill: number): Buffer => Buffer.alloc(MEGABYTE + fill * 1_000, fill);
      await blobs.put("shared", bytes(0));
      let isWriting = true;
      const seen = new Set<string>();
      const read = async (): Promise<void> => {
        while (isWriting) seen.add(sha256(await blobs.get("shared")));
      };
      const readers = Promise.all([read(), read()]);
      for (let round = 0; round < 3; round++) {
        await Promise.all(
          [1, 2, 3, 4].map((fill) =>
            fill % 2
              ? blobs.put("shared", bytes(fill))
              : blobs.putStream("shared", Readable.from([bytes(fill)]), { maxBytes: 1e9 }),
          ),
        );
      }
      isWriting = false;
      await readers;
      const whole = new Set([0, 1, 2, 3, 4].map((fill) => sha256(bytes(fill))));
      expect(seen.size).toBeGreaterThan(0);
      for (const digest of seen) expect(whole).toContain(digest);
      expect(whole).toContain(sha256(await blobs.get("shared")));
      expect(await keysOf(blobs.list(""))).toEqual(["shared"]);
    });

    it("keeps neighbours apart while folders come and go", async () => {
      const blobs = await open();
      await Promise.all(
        Array.from({ length: 8 }, async (_, index) => {
          for (let round = 0; round < 10; round++) {
            await blobs.put(`a/b/${index}`, String(round));
            expect(Buffer.from(await blobs.get(`a/b/${index}`)).toString()).toBe(String(round));
            await blobs.delete(`a/b/${index}`);
          }
        }),
      );
      expect(await keysOf(blobs.list(""))).toEqual([]);
    });
  });
}
