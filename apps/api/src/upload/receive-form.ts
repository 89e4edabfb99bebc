import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Readable, Transform } from "node:stream";
import { type Blobs, MillraceError } from "@millrace/core";
import busboy from "busboy";
import { signedBodyOf } from "../auth/content-digest.ts";
import { fieldProblem, requestProblem } from "../http/request-problem.ts";
import { blobName } from "./blob-name.ts";

/** Room for the form around the files: fields, boundaries, part headers. */
const FORM_BYTES = 256 * 1024;
const MAX_FIELDS = 150;

export interface UploadedFile {
  readonly blobKey: string;
  readonly fileName: string;
  readonly mediaType: string;
  readonly bytes: number;
  /** In base64url. */
  readonly sha256: string;
  /** The first bytes, for telling what it is. */
  readonly head: Uint8Array;
}

export interface ReceivedForm {
  /** In the order they came. */
  readonly files: readonly UploadedFile[];
  /** File parts that were read rather than stored, by their name. */
  readonly texts: ReadonlyMap<string, Buffer>;
  /** A name that came more than once has its values in order. */
  readonly fields: Readonly<Record<string, string | string[]>>;
}

/** What becomes of a file part; `field` is how problems name it. */
export type PartPlan =
  /** Streamed to the store, its own name added to the prefix. */
  | { readonly kind: "blob"; readonly field: string; readonly keyPrefix: string; readonly maxBytes: number }
  /** Kept in memory. */
  | { readonly kind: "text"; readonly field: string; readonly maxBytes: number };

export interface FormOptions {
  readonly blobs: Blobs;
  /** Names of file parts; a plain field of such a name is refused. */
  readonly fileParts: readonly string[];
  /** Asked for each file part in turn, with the number of file parts before it; throws for one that may not be there. */
  readonly planPart: (name: string, before: number) => PartPlan;
  readonly maxFiles: number;
  /** Of all file parts together. */
  readonly maxBytes: number;
  readonly maxFieldBytes: number;
  /** How much of the start of each file is wanted. */
  readonly headBytes: number;
}

/**
 * Reads a form and streams its files to the blob store in bounded memory. When it rejects, nothing of the files is left in
 * the store.
 */
export async function receiveForm(request: IncomingMessage, options: FormOptions): Promise<ReceivedForm> {
  if (Number(request.headers["content-length"] ?? 0) > options.maxBytes + FORM_BYTES) {
    throw requestProblem("PAYLOAD_TOO_LARGE", `The upload is larger than ${options.maxBytes} bytes.`);
  }
  const form = openForm(request, options);
  const body = signedBodyOf(request);
  const parts: Promise<UploadedFile | undefined>[] = [];
  const texts = new Map<string, Buffer>();
  const fields: Record<string, string | string[]> = {};

  try {
    await new Promise<void>((resolve, reject) => {
      form.on("file", (name, source, { filename, mimeType }) => {
        let plan: PartPlan;
        try {
          plan = options.planPart(name, parts.length);
        } catch (problem) {
          source.on("error", () => {}).resume();
          reject(problem);
          return;
        }
        const part =
          plan.kind === "blob" ? storeFile(source, { plan, options, filename, mimeType }) : readText(source, plan);
        const kept = part.then((value) => {
          if (!Buffer.isBuffer(value)) return value;
          texts.set(name, value);
          return undefined;
        });
        kept.catch(reject);
        parts.push(kept);
      });
      form.on("field", (name, value, { nameTruncated, valueTruncated }) => {
        if (options.fileParts.includes(name)) {
          return reject(fieldProblem(name, "file", "must be a file part with a filename"));
        }
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
    const files = (await Promise.all(parts)).filter((file) => file !== undefined);
    return { files, texts, fields };
  } catch (error) {
    body.unpipe(form);
    if (body !== request) request.unpipe();
    form.destroy();
    for (const part of await Promise.allSettled(parts)) {
      if (part.status === "fulfilled" && part.value) await options.blobs.delete(part.value.blobKey);
    }
    throw error;
  }
}

function openForm(request: IncomingMessage, { maxFieldBytes, maxFiles }: FormOptions): busboy.Busboy {
  const type = request.headers["content-type"] ?? "";
  if (!/^multipart\/form-data\s*;/i.test(type)) {
    throw requestProblem("UNSUPPORTED_MEDIA_TYPE", "Send the file as multipart/form-data.");
  }
  try {
    return busboy({
      headers: request.headers,
      defParamCharset: "utf8",
      // one file more than is allowed, so that it is the plan that names what is wrong
      limits: { fields: MAX_FIELDS, fieldSize: maxFieldBytes, parts: MAX_FIELDS + maxFiles + 1, headerPairs: 50 },
    });
  } catch (cause) {
    throw badForm(cause);
  }
}

interface FilePart {
  readonly plan: Extract<PartPlan, { kind: "blob" }>;
  readonly options: FormOptions;
  readonly filename: string | undefined;
  readonly mimeType: string;
}

async function storeFile(source: Readable, { plan, options, filename, mimeType }: FilePart): Promise<UploadedFile> {
  const { blobs, headBytes } = options;
  const digest = createHash("sha256");
  const head: Buffer[] = [];
  let bytes = 0;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (bytes < headBytes) head.push(chunk.subarray(0, headBytes - bytes));
      bytes += chunk.length;
      digest.update(chunk);
      done(null, chunk);
    },
  });
  source.on("error", (error) => measured.destroy(error));
  source.pipe(measured);
  const fileName = filename ?? "";
  const key = `${plan.keyPrefix}/${blobName(fileName)}`;
  try {
    await blobs.putStream(key, measured, { maxBytes: plan.maxBytes });
  } catch (error) {
    source
      .unpipe(measured)
      .on("error", () => {})
      .resume();
    if (error instanceof MillraceError && error.code === "CONTENT_TOO_LARGE") throw partTooLarge(plan);
    if (source.errored) throw badForm(source.errored);
    throw error;
  }
  if (bytes === 0) {
    await blobs.delete(key);
    throw fieldProblem(plan.field, "not_empty", "is empty");
  }
  return {
    blobKey: key,
    fileName,
    mediaType: mimeType,
    bytes,
    sha256: digest.digest("base64url"),
    head: Buffer.concat(head),
  };
}

async function readText(source: Readable, plan: PartPlan): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > plan.maxBytes) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw badForm(cause);
  }
  if (bytes > plan.maxBytes) throw partTooLarge(plan);
  return Buffer.concat(chunks);
}

const partTooLarge = ({ field, maxBytes }: PartPlan): MillraceError =>
  requestProblem("PAYLOAD_TOO_LARGE", `The file is larger than ${maxBytes} bytes.`, [
    { field, rule: "max_bytes", message: `is larger than ${maxBytes} bytes` },
  ]);

const badForm = (cause: unknown): MillraceError =>
  requestProblem(
    "VALIDATION_FAILED",
    `The form cannot be read: ${cause instanceof Error ? cause.message : "malformed"}.`,
  );
