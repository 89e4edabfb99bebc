import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Readable, Transform } from "node:stream";
import { type Blobs, MillraceError } from "@millrace/core";
import busboy from "busboy";
import { signedBodyOf } from "../auth/content-digest.ts";
import { fieldProblem, requestProblem } from "../http/request-problem.ts";
import { blobName } from "./blob-name.ts";
import { HEAD_BYTES } from "./upload-type.ts";

/** Room for the form around the file: fields, boundaries, part headers. */
const FORM_BYTES = 256 * 1024;
const MAX_FIELDS = 150;
const MAX_FIELD_BYTES = 4 * 1024;

export interface UploadedFile {
  readonly blobKey: string;
  readonly fileName: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The first bytes, for telling what it is. */
  readonly head: Uint8Array;
}

export interface Upload {
  readonly file: UploadedFile;
  /** A name that came more than once has its values in order. */
  readonly fields: Readonly<Record<string, string | string[]>>;
}

export interface ReceiveOptions {
  readonly blobs: Blobs;
  /** Where under the store the file goes; its own name is added. */
  readonly keyPrefix: string;
  readonly maxBytes: number;
}

/**
 * Reads a form with one file and streams the file to the blob store in bounded memory. When it rejects, nothing of the
 * file is left in the store.
 */
export async function receiveUpload(request: IncomingMessage, options: ReceiveOptions): Promise<Upload> {
  if (Number(request.headers["content-length"] ?? 0) > options.maxBytes + FORM_BYTES)
    throw fileTooLarge(options.maxBytes);
  const form = openForm(request);
  const body = signedBodyOf(request);
  const fields: Record<string, string | string[]> = {};
  let file: Promise<UploadedFile> | undefined;

  try {
    await new Promise<void>((resolve, reject) => {
      form.on("file", (name, source, { filename, mimeType }) => {
        const problem = name !== "file" ? unknownPart(name) : file !== undefined ? secondFile() : undefined;
        if (problem) {
          source.on("error", () => {}).resume();
          reject(problem);
          return;
        }
        file = storeFile(source, { ...options, fileName: filename ?? "", mediaType: mimeType });
        file.catch(reject);
      });
      form.on("field", (name, value, { nameTruncated, valueTruncated }) => {
        if (name === "file") return reject(fieldProblem("file", "file", "must be a file part with a filename"));
        if (nameTruncated || valueTruncated) return reject(fieldProblem(name, "max_length", "is too long"));
        const known = Object.hasOwn(fields, name) ? fields[name] : undefined;
        Object.defineProperty(fields, name, {
          value: known === undefined ? value : [known, value].flat(),
          enumerable: true,
          configurable: true,
        });
        return undefined;
      });
      for (const limit of ["fieldsLimit", "partsLimit"] as const) {
        form.on(limit, () => reject(requestProblem("PAYLOAD_TOO_LARGE", "The form has too many parts.")));
      }
      form.on("error", (cause) => reject(badForm(cause)));
      form.on("close", resolve);
      request.once("close", () => {
        if (!request.complete) reject(requestProblem("VALIDATION_FAILED", "The upload ended before its time."));
      });
      // a body that is not the signed one shows when all of it has come, before the form is finished
      if (body !== request) body.on("error", reject);
      body.pipe(form);
    });
    if (file === undefined) throw fieldProblem("file", "required", "is required");
    return { file: await file, fields };
  } catch (error) {
    body.unpipe(form);
    if (body !== request) request.unpipe();
    form.destroy();
    const stored = await file?.catch(() => undefined);
    if (stored) await options.blobs.delete(stored.blobKey);
    throw error;
  }
}

function openForm(request: IncomingMessage): busboy.Busboy {
  const type = request.headers["content-type"] ?? "";
  if (!/^multipart\/form-data\s*;/i.test(type)) {
    throw requestProblem("UNSUPPORTED_MEDIA_TYPE", "Send the file as multipart/form-data.");
  }
  try {
    return busboy({
      headers: request.headers,
      defParamCharset: "utf8",
      limits: { fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES, parts: MAX_FIELDS + 2, headerPairs: 50 },
    });
  } catch (cause) {
    throw badForm(cause);
  }
}

async function storeFile(
  source: Readable,
  { blobs, keyPrefix, maxBytes, fileName, mediaType }: ReceiveOptions & { fileName: string; mediaType: string },
): Promise<UploadedFile> {
  const digest = createHash("sha256");
  const head: Buffer[] = [];
  let bytes = 0;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (bytes < HEAD_BYTES) head.push(chunk.subarray(0, HEAD_BYTES - bytes));
      bytes += chunk.length;
      digest.update(chunk);
      done(null, chunk);
    },
  });
  source.on("error", (error) => measured.destroy(error));
  source.pipe(measured);
  const key = `${keyPrefix}/${blobName(fileName)}`;
  try {
    await blobs.putStream(key, measured, { maxBytes });
  } catch (error) {
    source
      .unpipe(measured)
      .on("error", () => {})
      .resume();
    if (error instanceof MillraceError && error.code === "CONTENT_TOO_LARGE") throw fileTooLarge(maxBytes);
    if (source.errored) throw badForm(source.errored);
    throw error;
  }
  if (bytes === 0) {
    await blobs.delete(key);
    throw fieldProblem("file", "not_empty", "is empty");
  }
  return { blobKey: key, fileName, mediaType, bytes, sha256: digest.digest("base64url"), head: Buffer.concat(head) };
}

const fileTooLarge = (maxBytes: number): MillraceError =>
  requestProblem("PAYLOAD_TOO_LARGE", `The file is larger than ${maxBytes} bytes.`, [
    { field: "file", rule: "max_bytes", message: `is larger than ${maxBytes} bytes` },
  ]);

const unknownPart = (name: string): MillraceError =>
  fieldProblem(name, "unknown_field", 'is not a known part; the file\'s part is called "file"');

const secondFile = (): MillraceError => fieldProblem("file", "single", "must stand once");

const badForm = (cause: unknown): MillraceError =>
  requestProblem(
    "VALIDATION_FAILED",
    `The form cannot be read: ${cause instanceof Error ? cause.message : "malformed"}.`,
  );
