import { randomUUID } from "node:crypto";
import type { AnswerOf, RouteId, Routes } from "@millrace/contracts";
import { type ClientOptions, sendRequest } from "./send-request.ts";
import { type WaitOptions, waitUntilOver } from "./wait-until-over.ts";

type Body<Id extends RouteId> = AnswerOf<Routes[Id]>["body"];

/** A file to be extracted that lies elsewhere, or is stored already. */
export type ExtractionRequest = Routes["submitExtraction"]["body"]["schema"]["_zod"]["input"];
/** Many files, named. */
export type BulkRequest = Routes["submitBulk"]["body"]["schema"]["_zod"]["input"];
export type Extraction = Body<"readExtraction">;
export type ExtractionStarted = Body<"submitExtraction">;
export type Bulk = Body<"readBulk">;

/** What may be said beside an uploaded file; `options` as an object. */
export type UploadDetails = Omit<ExtractionRequest, "file_url" | "filename"> & { readonly force?: boolean };
/** How a batch of uploaded files is worked on. */
export type BulkDetails = Omit<BulkRequest, "files">;

export interface NamedFile {
  readonly name: string;
  readonly bytes: Blob | Uint8Array<ArrayBuffer>;
}

export interface ExtractionList {
  readonly status?: Extraction["status"];
  readonly format?: Extraction["format"];
  readonly file_url?: string;
  readonly record_id?: string;
  readonly attachment_id?: string;
  readonly bulk_id?: string;
  readonly created_by?: string;
  readonly retryable?: boolean;
  readonly limit?: number;
  readonly cursor?: string;
}

export interface BulkPageQuery {
  readonly status?: Extraction["status"];
  readonly limit?: number;
  readonly cursor?: string;
}

interface Keyed {
  /** One is made for you, so that a repetition after a lost answer starts nothing twice. */
  readonly idempotencyKey?: string;
}

/** Files and what can be read out of them. Everything can reject with ApiError. */
export interface ExtractionClient {
  submit(request: ExtractionRequest, options?: Keyed & { readonly force?: boolean }): Promise<ExtractionStarted>;
  upload(file: NamedFile, details?: UploadDetails, options?: Keyed): Promise<ExtractionStarted>;
  get(id: string): Promise<Extraction>;
  /** The whole result, however large. */
  result(id: string): Promise<Record<string, unknown>>;
  list(query?: ExtractionList): Promise<Body<"listExtractions">>;
  byFile(fileUrl: string): Promise<Extraction>;
  byAttachment(recordId: string, attachmentId: string): Promise<Extraction>;
  /** Asks until it is completed, failed or cancelled; rejects when it is not in time. */
  waitForEnd(id: string, options?: WaitOptions): Promise<Extraction>;
  cancel(id: string, reason?: string): Promise<Body<"cancelExtraction">>;
  retry(id: string): Promise<Body<"retryExtraction">>;
  delete(id: string): Promise<void>;
  submitBulk(request: BulkRequest, options?: Keyed): Promise<Body<"submitBulk">>;
  uploadBulk(files: readonly NamedFile[], details?: BulkDetails, options?: Keyed): Promise<Body<"submitBulk">>;
  /** `lines`: JSON of one file each, as in `files` of a batch. */
  submitManifest(lines: Blob | string, details?: BulkDetails, options?: Keyed): Promise<Body<"submitBulk">>;
  bulk(id: string, query?: BulkPageQuery): Promise<Bulk>;
  bulks(query?: BulkPageQuery): Promise<Body<"listBulks">>;
  waitForBulk(id: string, options?: WaitOptions): Promise<Bulk>;
  cancelBulk(id: string, reason?: string): Promise<Body<"cancelBulk">>;
  retryBulk(id: string): Promise<Body<"retryBulk">>;
}

export function createExtractionClient(client: ClientOptions): ExtractionClient {
  const jobs = (id: string, rest = ""): string => `/extraction/jobs/${encodeURIComponent(id)}${rest}`;
  const bulks = (id: string, rest = ""): string => `/extraction/bulk/${encodeURIComponent(id)}${rest}`;
  const read = <T>(path: string, query = {}, signal?: AbortSignal): Promise<T> =>
    sendRequest<T>(client, { method: "GET", path, query, signal, isRepeatable: true });
  /** `isRepeatable`: a second time changes nothing more. */
  const post = <T>(path: string, body: unknown, isRepeatable: boolean): Promise<T> =>
    sendRequest<T>(client, { method: "POST", path, body, isRepeatable });
  const start = <T>(path: string, body: unknown, { idempotencyKey = randomUUID() }: Keyed, query = {}): Promise<T> =>
    sendRequest<T>(client, {
      method: "POST",
      path,
      query,
      body,
      headers: { "idempotency-key": idempotencyKey },
      isRepeatable: true,
    });
  return {
    submit: (request, { force, ...options } = {}) => start("/extraction/jobs", request, options, { force }),
    upload: (file, details = {}, options = {}) =>
      start("/extraction/upload", formOf({ file: [file] }, details), options),
    get: (id) => read(jobs(id)),
    result: (id) => read(jobs(id, "/result")),
    list: (query = {}) => read("/extraction/jobs", query),
    byFile: (file_url) => read("/extraction/by-file", { file_url }),
    byAttachment: (record_id, attachment_id) => read("/extraction/by-attachment", { record_id, attachment_id }),
    waitForEnd: (id, options = {}) =>
      waitUntilOver(`the extraction ${id}`, () => read<Extraction>(jobs(id), {}, options.signal), options),
    cancel: (id, reason) => post(jobs(id, "/cancel"), reason === undefined ? {} : { reason }, false),
    retry: (id) => post(jobs(id, "/retry"), undefined, false),
    delete: (id) => sendRequest(client, { method: "DELETE", path: jobs(id), isRepeatable: false }),
    submitBulk: (request, options = {}) => start("/extraction/bulk", request, options),
    uploadBulk: (files, details = {}, options = {}) => start("/extraction/bulk", formOf({ files }, details), options),
    submitManifest: (lines, details = {}, options = {}) => {
      const manifest = { name: "manifest.jsonl", bytes: typeof lines === "string" ? new Blob([lines]) : lines };
      return start("/extraction/bulk", formOf({ manifest: [manifest] }, details), options);
    },
    bulk: (id, query = {}) => read(bulks(id), query),
    bulks: (query = {}) => read("/extraction/bulk", query),
    async waitForBulk(id, options = {}) {
      const { signal } = options;
      await waitUntilOver(`the batch ${id}`, () => read<Bulk>(bulks(id), { limit: 1 }, signal), options);
      return read(bulks(id), {}, signal);
    },
    cancelBulk: (id, reason) => post(bulks(id, "/cancel"), reason === undefined ? {} : { reason }, false),
    retryBulk: (id) => post(bulks(id, "/retry"), undefined, false),
  };
}

/** Objects go as JSON text. */
function formOf(parts: Readonly<Record<string, readonly NamedFile[]>>, details: object): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(details)) {
    if (value === undefined || value === null) continue;
    form.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  for (const [part, files] of Object.entries(parts)) {
    for (const { name, bytes } of files) form.append(part, bytes instanceof Blob ? bytes : new Blob([bytes]), name);
  }
  return form;
}
