import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blobsContract } from "./blobs.contract.ts";
import { type LocalS3, startLocalS3 } from "./local-s3.contract.ts";
import { openBlobs } from "./open-blobs.ts";

let s3: LocalS3;
let count = 0;

beforeAll(async () => {
  s3 = await startLocalS3();
});
afterAll(() => s3.stop());

const addressOf = (prefix: string, bucket = s3.bucket): string =>
  `s3://${bucket}/${prefix}?region=us-east-1&endpoint=${encodeURIComponent(s3.endpoint)}`;
const openAt = (prefix: string, bucket?: string) =>
  openBlobs(addressOf(prefix, bucket), { credentials: s3.credentials });

blobsContract("S3", () => openAt(`run-${count++}/blobs`));

describe("S3 blobs", () => {
  it("aborts the multipart upload of a stream that failed or was too large", async () => {
    const blobs = await openAt("aborts");
    const before = s3.aborted();
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536);
      })(),
    );
    await expect(blobs.putStream("endless", endless, { maxBytes: 8_000_000 })).rejects.toMatchObject({
      code: "CONTENT_TOO_LARGE",
    });
    expect(s3.aborted()).toBe(before + 1);
    expect(await s3.openUploads()).toBe(0);
  });

  it("keeps to its prefix, also the bare bucket", async () => {
    const [a, b, bare] = [await openAt("tree/a"), await openAt("tree/ab/"), await openAt("")];
    await a.put("x", "in a");
    await b.put("x", "in ab");
    const keys = [];
    for await (const { key } of a.list("")) keys.push(key);
    expect(keys).toEqual(["x"]);
    expect(Buffer.from(await bare.get("tree/ab/x")).toString()).toBe("in ab");
  });

  it("lists beyond one page", async () => {
    const blobs = await openAt("pages");
    const keys = Array.from({ length: 45 }, (_, index) => `k${String(index).padStart(5, "0")}`);
    await Promise.all(keys.map((key) => blobs.put(key, "")));
    const listed = [];
    for await (const { key } of blobs.list("k")) listed.push(key);
    expect(listed).toEqual(keys);
  });

  it("says when the bucket, the rights or the server are missing", async () => {
    const failed = expect.objectContaining({ code: "BLOB_STORE_FAILED", retry: "backoff" });
    const elsewhere = await openAt("x", "no-such-bucket");
    await expect(elsewhere.check()).rejects.toEqual(failed);
    await expect(elsewhere.get("a")).rejects.toEqual(failed);
    await expect(elsewhere.put("a", "x")).rejects.toEqual(failed);
    await expect(elsewhere.putStream("a", Readable.from(["x"]), { maxBytes: 9 })).rejects.toEqual(failed);
    const stranger = await openBlobs(addressOf("x"), {
      credentials: { accessKeyId: "STRANGER", secretAccessKey: "no" },
    });
    await expect(stranger.check()).rejects.toEqual(failed);
    const nowhere = await openBlobs("s3://bucket/x?endpoint=http://127.0.0.1:1", { credentials: s3.credentials });
    await expect(nowhere.check()).rejects.toEqual(failed);
    await expect(nowhere.head("a")).rejects.toEqual(failed);
  });
});
