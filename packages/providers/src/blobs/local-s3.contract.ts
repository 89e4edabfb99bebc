import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
// @ts-expect-error s3rver ships no types
import S3rver from "s3rver";

/** An S3 on loopback for tests. */
export interface LocalS3 {
  readonly endpoint: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Multipart uploads begun and neither completed nor aborted. */
  openUploads(): Promise<number>;
  /** Uploads aborted so far. */
  aborted(): number;
  stop(): Promise<void>;
}

interface KoaContext {
  readonly method: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  status: number;
  type: string;
  body: string;
}

interface StoredObject {
  readonly key: string;
  readonly size: number;
}

const BUCKET = "millrace-test";

export async function startLocalS3(): Promise<LocalS3> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-s3-"));
  const uploads = join(directory, BUCKET, "._S3rver_uploads");
  let aborted = 0;
  const server = new S3rver({
    address: "127.0.0.1",
    port: 0,
    silent: true,
    directory,
    configureBuckets: [{ name: BUCKET }],
  });
  waitForDisk(server.store);

  // What S3 does and s3rver does not: requests that are each atomic (here by taking turns), AbortMultipartUpload, and
  // sorted pages (s3rver's page tokens need DES, which OpenSSL 3 has not).
  let turn = Promise.resolve();
  server.middleware.unshift(async (context: KoaContext, next: () => Promise<void>) => {
    const before = turn;
    const closed = new Promise<void>((resolve) => context.res.once("close", resolve));
    turn = before.then(() => closed);
    await before;
    const { uploadId } = context.query;
    if (context.method === "DELETE" && uploadId) {
      await rm(join(uploads, uploadId), { recursive: true });
      aborted++;
      context.status = 204;
    } else if (context.query["list-type"] === "2") {
      const { prefix = "", "continuation-token": after = "" } = context.query;
      const { objects } = await server.store.listObjects(BUCKET, { prefix });
      context.type = "application/xml";
      context.body = pageOf(objects, after);
    } else {
      await next();
    }
  });

  const { port } = (await server.run()) as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    bucket: BUCKET,
    credentials: { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" },
    openUploads: async () => (await readdir(uploads).catch(() => [])).length,
    aborted: () => aborted,
    async stop() {
      server.httpServer.closeAllConnections();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** S3 gives up to a thousand and may give fewer. */
const PAGE = 20;

function pageOf(objects: readonly StoredObject[], after: string): string {
  const rest = [...objects].sort((a, b) => (a.key < b.key ? -1 : 1)).filter(({ key }) => key > after);
  const page = rest.slice(0, PAGE);
  const token = rest.length > PAGE ? `<NextContinuationToken>${page.at(-1)?.key}</NextContinuationToken>` : "";
  const contents = page.map(({ key, size }) => `<Contents><Key>${key}</Key><Size>${size}</Size></Contents>`);
  return `<ListBucketResult><IsTruncated>${token !== ""}</IsTruncated>${token}${contents.join("")}</ListBucketResult>`;
}

/** s3rver answers a put before its bytes are in the file. */
function waitForDisk(store: {
  putObject(object: { bucket: string; key: string }): Promise<{ size: number }>;
  putPart(bucket: string, uploadId: string, partNumber: string, content: unknown): Promise<{ size: number }>;
  getResourcePath(bucket: string, key: string | undefined, resource: string): string;
}): void {
  const putObject = store.putObject.bind(store);
  const putPart = store.putPart.bind(store);
  store.putObject = async (object) => {
    const result = await putObject(object);
    await untilSize(store.getResourcePath(object.bucket, object.key, "object"), result.size);
    return result;
  };
  store.putPart = async (bucket, uploadId, partNumber, content) => {
    const result = await putPart(bucket, uploadId, partNumber, content);
    await untilSize(join(store.getResourcePath(bucket, undefined, "uploads"), uploadId, partNumber), result.size);
    return result;
  };
}

async function untilSize(path: string, bytes: number): Promise<void> {
  while ((await stat(path)).size !== bytes) await nextTurn();
}
