import { complete, fail, type JsonObject, retryLater, type Settlement } from "@millrace/core";
import type { Answered, TestApi } from "../../test-api.fixture.ts";

/** The beginning of a file of each format: as much as an API looks at. */
export const BYTES = {
  pdf: "%PDF-1.7\n%âãÏÓ\n1 0 obj\n",
  dxf: "  0\nSECTION\n  2\nHEADER\n  9\n$ACADVER\n  1\nAC1027\n",
  ifc: "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\nFILE_NAME('','',(''),(''),'','','');\nFILE_SCHEMA(('IFC4'));\nENDSEC;\n",
  step: "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\nFILE_NAME('','',(''),(''),'','','');\nFILE_SCHEMA(('AUTOMOTIVE_DESIGN'));\nENDSEC;\n",
  png: "\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
} as const;

const latin1 = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

export type Fields = Readonly<Record<string, string>>;
export type NamedFile = readonly [name: string, bytes: string];

/** A form with these files under one part's name. */
export function formOf(files: readonly NamedFile[], fields: Fields = {}, part = "file"): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (const [name, bytes] of files) form.append(part, new Blob([latin1(bytes)]), name);
  return form;
}

let made = 0;
/** Bytes that were never uploaded before. */
export const freshPdf = (): string => `${BYTES.pdf}% ${++made}\n`;

export const upload = (
  api: TestApi,
  file: NamedFile | null = ["plan.pdf", freshPdf()],
  fields: Fields = {},
  more: { query?: Record<string, unknown>; headers?: Record<string, string>; key?: string } = {},
): Promise<Answered> => api.call("uploadExtraction", { body: formOf(file === null ? [] : [file], fields), ...more });

/** An address nobody has asked for yet. */
export const freshUrl = (name = "plan.pdf"): string => `https://files.example.org/${++made}/${name}`;

export const create = (
  api: TestApi,
  body: object,
  more: { query?: Record<string, unknown>; headers?: Record<string, string>; key?: string } = {},
): Promise<Answered> => api.call("submitExtraction", { body: body as JsonObject, ...more });

/** The row as its owner reads it. */
export const read = async (api: TestApi, id: string, key?: string): Promise<Answered> =>
  api.call("readExtraction", { params: { id }, ...(key && { key }) });

export const RESULT = {
  source_file: "plan.pdf",
  source_type: "pdf",
  success: true,
  metadata: { page_count: 1 },
  errors: [],
  warnings: [],
  file_size: 4_321,
  counts: { tables: 1 },
  is_inline: true,
  tables: [],
};

/** The stages are not run here: this is how a worker would end them. */
export const completed = (result: JsonObject = { ...RESULT, result_ref: "none/of/these.json" }): Settlement =>
  complete({ output: result, warnings: [] });
export const failed = (stack?: string): Settlement =>
  fail({ code: "CONTENT_DAMAGED", message: "broken", stage: "parse", ...(stack !== undefined && { stack }) });
export const toBeRetried = (delayMs = 30_000): Settlement =>
  retryLater(delayMs, { code: "URL_UNREACHABLE", message: "not now", stage: "download" });

/** An extraction that has ended like this. */
export async function ended(api: TestApi, settlement: Settlement, fields: Fields = {}): Promise<string> {
  const { body } = await upload(api, undefined, fields);
  await api.settle(body.job_id, settlement);
  return body.id;
}
