import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Blobs, MillraceError } from "@millrace/core";
import { until } from "@millrace/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openFolderBlobs } from "../../blobs/folder-blobs.ts";
import { createOutboundFetch } from "../../outbound/create-outbound-fetch.ts";
import { type FileRequest, openFileSource } from "./open-file-source.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const OWNER = "0197d2a0-0000-7000-8000-000000000001";
const WORK = `${OWNER}/work/source`;
const PDF = Buffer.from(`%PDF-1.7\n${"% drawing\n".repeat(20_000)}%%EOF\n`);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

let folder: string;
let blobs: Blobs;
const servers: Server[] = [];
const sockets = new Set<Socket>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-source-"));
});
beforeEach(async () => {
  blobs = await openFolderBlobs(await mkdtemp(join(folder, "blobs-")));
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function serve(answer: Answer): Promise<string> {
  const server = createServer(answer);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/plans/drawing.pdf`;
}

const fetch = createOutboundFetch({ userAgent: "millrace-test", allowLoopback: true });
const bring = (fileUrl: string, request: Partial<FileRequest> = {}, timeoutMs = 60_000) =>
  openFileSource({ blobs, fetch, timeoutMs }).bring({
    fileUrl,
    ownerId: OWNER,
    format: "pdf",
    workKey: WORK,
    signal: new AbortController().signal,
    ...request,
  });

const failure = (code: string, retry: string, more: object = {}) => expect.objectContaining({ code, retry, ...more });

async function leftovers(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of blobs.list("")) keys.push(key);
  return keys;
}

describe("files from the web", () => {
  it("B-S02 streams the file into a work blob and says what it is", async () => {
    const url = await serve((_request, response) =>
      response
        .writeHead(200, { "content-type": "text/plain", "content-disposition": 'attachment; filename="plate 7.pdf"' })
        .end(PDF),
    );
    expect(await bring(url)).toEqual({
      key: WORK,
      bytes: PDF.length,
      sha256: sha256(PDF),
      fileName: "plate 7.pdf",
      mediaType: "application/pdf",
    });
    expect(Buffer.from(await blobs.get(WORK)).equals(PDF)).toBe(true);
  });

  it("follows redirects to the name at their end, decompresses, and takes files of a few bytes", async () => {
    const url = await serve((request, response) => {
      if (request.url === "/files/small.pdf") {
        response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("%PDF-1.0"));
      } else response.writeHead(302, { location: "/files/small.pdf" }).end("moved");
    });
    expect(await bring(url)).toMatchObject({
      bytes: 8,
      fileName: "small.pdf",
      sha256: sha256(Buffer.from("%PDF-1.0")),
    });
  });

  it.each([
    [404, "never"],
    [410, "never"],
    [401, "never"],
    [403, "never"],
    [304, "never"],
    [500, "backoff"],
    [503, "backoff"],
    [408, "backoff"],
    [429, "backoff"],
  ])("B-Q14 an answer of %i is tried again: %s", async (status, retry) => {
    const url = await serve((_request, response) => response.writeHead(status).end(PDF));
    await expect(bring(url)).rejects.toEqual(failure("URL_HTTP_ERROR", retry, { details: { status } }));
    expect(await leftovers()).toEqual([]);
  });

  it("B-Q13 waits as long as a busy server asks", async () => {
    const url = await serve((_request, response) => response.writeHead(429, { "retry-after": "120" }).end("slowly"));
    await expect(bring(url)).rejects.toEqual(failure("URL_HTTP_ERROR", "backoff", { retryAfterMs: 120_000 }));
  });

  it.each([
    ["nothing", 200],
    ["no content", 204],
  ])("B-Q14 %s is CONTENT_EMPTY", async (_what, status) => {
    const url = await serve((_request, response) => response.writeHead(status).end());
    await expect(bring(url)).rejects.toEqual(failure("CONTENT_EMPTY", "never"));
    expect(await leftovers()).toEqual([]);
  });

  it("B-Q20 takes no byte more than the limit, declared or not, packed or not", async () => {
    const url = await serve((request, response) => {
      if (request.headers["accept"] !== "*/*") response.writeHead(400).end();
      else response.write(PDF.subarray(0, 100_000), () => response.end(PDF.subarray(100_000)));
    });
    await expect(bring(url, { maxBytes: PDF.length - 1 })).rejects.toEqual(failure("CONTENT_TOO_LARGE", "never"));
    expect(await bring(url, { maxBytes: PDF.length })).toMatchObject({ bytes: PDF.length });

    const declared = await serve((_request, response) => {
      response.writeHead(200, { "content-length": "104857601" }).write("%PDF-1.7\n");
    });
    await expect(bring(declared)).rejects.toEqual(
      failure("CONTENT_TOO_LARGE", "never", { details: { max_bytes: 104_857_600 } }),
    );

    const bomb = gzipSync(Buffer.concat([PDF, Buffer.alloc(30_000_000)]));
    const packed = await serve((_request, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(bomb),
    );
    await expect(bring(packed, { maxBytes: 1_000_000 })).rejects.toEqual(failure("CONTENT_TOO_LARGE", "never"));
  });

  it("B-Q20 hangs up on another format after its first 64 KiB", async () => {
    const url = await serve((_request, response) => {
      const chunk = Buffer.from("0\nSECTION\n2\nENTITIES\n".repeat(1_000));
      const more = (): void => {
        while (!response.destroyed) {
          if (!response.write(chunk)) break;
        }
      };
      response.on("drain", more);
      more();
    });
    await expect(bring(url)).rejects.toEqual(
      failure("UNSUPPORTED_FORMAT", "never", { details: { format: "pdf", looks_like: "dxf" } }),
    );
    await until(() => sockets.size === 0);
    expect(await leftovers()).toEqual([]);
  });

  it("B-Q14 cut connections and silence pass; addresses that may not be asked do not", async () => {
    const cut = await serve((_request, response) => {
      response.writeHead(200, { "content-length": String(PDF.length) });
      response.write(PDF.subarray(0, 150_000), () => response.destroy());
    });
    await expect(bring(cut)).rejects.toEqual(failure("URL_UNREACHABLE", "backoff"));
    const unmarked = await serve((_request, response) => {
      response.writeHead(200).write(PDF.subarray(0, 150_000), () => response.destroy());
    });
    await expect(bring(unmarked)).rejects.toEqual(failure("URL_UNREACHABLE", "backoff"));
    const silent = await serve((_request, response) => void response.writeHead(200).write(PDF.subarray(0, 100_000)));
    await expect(bring(silent, {}, 300)).rejects.toEqual(failure("FETCH_TIMEOUT", "backoff"));
    await expect(bring("http://169.254.169.254/latest/meta-data")).rejects.toEqual(failure("URL_REFUSED", "never"));
    await expect(bring("http://")).rejects.toEqual(failure("URL_REFUSED", "never"));
    expect(await leftovers()).toEqual([]);
  });

  it("stops in the middle when the job is stopped", async () => {
    const stop = new AbortController();
    const url = await serve((_request, response) => {
      response.writeHead(200).write(PDF.subarray(0, 100_000), () => stop.abort(new Error("cancelled")));
    });
    await expect(bring(url, { signal: stop.signal })).rejects.toThrow("cancelled");
    await until(() => sockets.size === 0);
    expect(await leftovers()).toEqual([]);
  });

  it("tells trouble with the store from trouble with the address", async () => {
    const url = await serve((_request, response) => response.end(PDF));
    await blobs.put("blocked", "a file where a folder would have to be");
    const error = await bring(url, { workKey: "blocked/source" }).catch((thrown: MillraceError) => thrown);
    expect(error).toMatchObject({ code: "BLOB_STORE_FAILED" });
  });
});

describe("files in the store", () => {
  const KEY = `${OWNER}/uploads/plate.pdf`;

  it("B-Q19 reads a stored file through and leaves it where it is", async () => {
    await blobs.put(KEY, PDF);
    expect(await bring(KEY)).toEqual({
      key: KEY,
      bytes: PDF.length,
      sha256: sha256(PDF),
      fileName: "plate.pdf",
      mediaType: "application/pdf",
    });
    expect(await leftovers()).toEqual([KEY]);
  });

  it("B-Q23 another owner's file is missing like one that is not there", async () => {
    const other = OWNER.replace("1", "2");
    await blobs.put(`${other}/a.pdf`, PDF);
    for (const key of [`${other}/a.pdf`, `${OWNER}/none.pdf`, `${OWNER}x/a.pdf`, OWNER]) {
      await expect(bring(key), key).rejects.toEqual(failure("BLOB_MISSING", "never"));
    }
    await expect(bring("/a.pdf", { ownerId: "" })).rejects.toEqual(failure("VALIDATION_FAILED", "never"));
  });

  it.each([
    `${OWNER}/../secret.pdf`,
    `${OWNER}/./a.pdf`,
    `${OWNER}//a.pdf`,
    "../etc/passwd",
    "",
    " http://example.com/",
  ])("refuses %j", async (key) => {
    await expect(bring(key)).rejects.toEqual(failure("VALIDATION_FAILED", "never"));
  });

  it.each(["file:///etc/passwd", "ftp://example.com/a.pdf", "s3://bucket/a.pdf", "data:application/pdf,x"])(
    "refuses the scheme of %s",
    async (url) => {
      await expect(bring(url)).rejects.toEqual(failure("URL_REFUSED", "never"));
    },
  );

  it("B-Q20 holds stored files to the same checks", async () => {
    await blobs.put(KEY, PDF);
    await expect(bring(KEY, { maxBytes: 100 })).rejects.toEqual(failure("CONTENT_TOO_LARGE", "never"));
    await expect(bring(KEY, { format: "step" })).rejects.toEqual(failure("UNSUPPORTED_FORMAT", "never"));
    await blobs.put(KEY, "");
    await expect(bring(KEY)).rejects.toEqual(failure("CONTENT_EMPTY", "never"));
  });

  it("a stopped job stops here as well", async () => {
    await blobs.put(KEY, PDF);
    await expect(bring(KEY, { signal: AbortSignal.abort(new Error("cancelled")) })).rejects.toThrow("cancelled");
  });
});
