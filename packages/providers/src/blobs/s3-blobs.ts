import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { state } from "@aws-sdk/core/client";
import { Upload } from "@aws-sdk/lib-storage";
import type { BlobHead, Blobs } from "@millrace/core";
import { blobMissing, blobStoreFailed, blobTooLarge } from "./blob-error.ts";
import { assertBlobKey, assertBlobPrefix } from "./blob-key.ts";
import { capSource } from "./capped-source.ts";

export interface S3Place {
  readonly bucket: string;
  /** "" or "some/where/" */
  readonly prefix: string;
  readonly region: string | undefined;
  /** Another store that speaks S3; buckets are then addressed by path. */
  readonly endpoint: string | undefined;
  readonly credentials: S3Credentials | undefined;
}

/** Left out, the SDK looks where it always does: environment, profile, instance role. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Parts of one upload in flight; with 5 MB each this bounds its memory. */
const PARTS_IN_FLIGHT = 2;

// The SDK warns once per process that releases of 2027 need Node 22. Ours is pinned; the warning tells operators nothing.
state.warningEmitted = true;

/** Blobs as objects below a prefix of one bucket. S3 itself makes a put atomic. */
export function openS3Blobs(place: S3Place): Blobs {
  const client = createClient(place);
  const { bucket, prefix } = place;
  const objectOf = (key: string) => {
    assertBlobKey(key);
    return { Bucket: bucket, Key: prefix + key };
  };
  return {
    async put(key, bytes) {
      const body = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
      await storing("write", key, client.send(new PutObjectCommand({ ...objectOf(key), Body: body })));
      return { key, bytes: body.length };
    },
    async putStream(key, source, { maxBytes }) {
      const capped = capSource(key, source, maxBytes);
      try {
        const params = { ...objectOf(key), Body: Readable.from(capped, { objectMode: false }) };
        await new Upload({ client, params, queueSize: PARTS_IN_FLIGHT }).done();
        return { key, bytes: capped.bytes() };
      } catch (error) {
        const failure = capped.failure();
        throw failure ? failure.error : blobStoreFailed("write", error);
      } finally {
        source.destroy();
      }
    },
    async get(key, options) {
      const answer = await storing("read", key, client.send(new GetObjectCommand(objectOf(key))));
      if (options?.maxBytes !== undefined && (answer.ContentLength ?? 0) > options.maxBytes) {
        bodyOf(answer).destroy();
        throw blobTooLarge(key, options.maxBytes);
      }
      return storing("read", key, answer.Body?.transformToByteArray() ?? Promise.resolve(new Uint8Array()));
    },
    async getStream(key, range) {
      const part = range && { Range: `bytes=${range.start}-${range.end}` };
      const answer = await storing("read", key, client.send(new GetObjectCommand({ ...objectOf(key), ...part })));
      // a store that knows no ranges sends everything, which nobody must take for a part
      if (range && answer.ContentRange?.startsWith(`bytes ${range.start}-${range.end}/`) !== true) {
        bodyOf(answer).destroy();
        throw blobStoreFailed("read", new Error(`it answered ${part?.Range} with other bytes`));
      }
      return bodyOf(answer);
    },
    async head(key) {
      try {
        const answer = await client.send(new HeadObjectCommand(objectOf(key)));
        return { key, bytes: answer.ContentLength ?? 0 };
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw blobStoreFailed("read", error);
      }
    },
    async delete(key) {
      await storing("delete", key, client.send(new DeleteObjectCommand(objectOf(key))));
    },
    list: (start) => listBlobs(client, place, start),
    async check() {
      await client.send(new HeadBucketCommand({ Bucket: bucket })).catch((error: unknown) => {
        throw blobStoreFailed(`reach the bucket ${bucket}`, error);
      });
    },
  };
}

function createClient({ region, endpoint, credentials }: S3Place): S3Client {
  return new S3Client({
    ...(region || endpoint ? { region: region ?? "us-east-1" } : {}),
    // Other stores often know neither virtual-host buckets nor the checksums AWS added in 2025.
    ...(endpoint ? { endpoint, forcePathStyle: true, requestChecksumCalculation: "WHEN_REQUIRED" } : {}),
    ...(credentials ? { credentials } : {}),
    requestHandler: { connectionTimeout: 5_000, socketTimeout: 60_000 },
  });
}

async function* listBlobs(client: S3Client, { bucket, prefix }: S3Place, start: string): AsyncGenerator<BlobHead> {
  assertBlobPrefix(start);
  try {
    for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix + start })) {
      for (const { Key = "", Size = 0 } of page.Contents ?? []) yield { key: Key.slice(prefix.length), bytes: Size };
    }
  } catch (error) {
    throw blobStoreFailed("list", error);
  }
}

/** In node the SDK's body is always a Readable; its type also covers browsers. */
function bodyOf(answer: GetObjectCommandOutput): Readable {
  return answer.Body instanceof Readable ? answer.Body : Readable.from([]);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && (error.name === "NoSuchKey" || error.name === "NotFound");
}

async function storing<T>(act: string, key: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw isMissing(error) ? blobMissing(key) : blobStoreFailed(act, error);
  }
}
