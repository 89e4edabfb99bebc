import { type BulkFile, type BulkSettings, bulkFile, type ProblemItem } from "@millrace/contracts";
import { MillraceError } from "@millrace/core";
import { type ExtractionInput, type ExtractionInputDraft, isWebAddress } from "@millrace/pipelines";
import { checkStorable } from "../../http/check-json-value.ts";
import { fieldProblem, problemOfZodError, requestProblem } from "../../http/request-problem.ts";
import type { UploadedFile } from "../../upload/receive-form.ts";
import type { EndpointNeeds } from "../needs.ts";
import {
  checkFileUrl,
  checkUploadedBytes,
  formatOf,
  isOwn,
  nameInUrl,
  noSuchFile,
  plainName,
  readInput,
  saidFormat,
} from "./draft-extraction.ts";

/** One file of a batch before it was looked at; `field` is how problems name it. */
export interface BulkLine {
  readonly field: string;
  /** As it was sent, where it was not checked by the route's schema. */
  readonly raw?: unknown;
  readonly file?: BulkFile;
  readonly uploaded?: UploadedFile;
  /** Whether the store is asked for the file's existence; of a manifest's thousands it is not. */
  readonly isLookedUp: boolean;
}

/** So many problems are named; somebody who has more reads the first. */
const MAX_PROBLEMS = 100;
/** Other requests get their turn after so many lines. */
const LINES_AT_A_TIME = 100;

/** Every line as the pipeline reads it; if one is wrong all are refused, and the problem names each. */
export async function planBulk(
  needs: EndpointNeeds,
  { lines, settings, ownerId }: { lines: readonly BulkLine[]; settings: BulkSettings; ownerId: string },
): Promise<ExtractionInput[]> {
  const inputs: ExtractionInput[] = [];
  const problems: ProblemItem[] = [];
  for (const [index, line] of lines.entries()) {
    if (index % LINES_AT_A_TIME === LINES_AT_A_TIME - 1) await new Promise(setImmediate);
    try {
      inputs.push(await inputOf(needs, line, { settings, ownerId }));
    } catch (error) {
      problems.push(...problemsOf(error, line.field));
      if (problems.length >= MAX_PROBLEMS) break;
    }
  }
  if (problems.length === 0) problems.push(...(await unknownRecords(needs, { inputs, lines, ownerId })));
  const [first] = problems;
  if (first === undefined) return inputs;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  throw requestProblem("VALIDATION_FAILED", `${first.field}: ${first.message}${more}`, problems);
}

async function inputOf(
  needs: EndpointNeeds,
  line: BulkLine,
  { settings, ownerId }: { readonly settings: BulkSettings; readonly ownerId: string },
): Promise<ExtractionInput> {
  const { uploaded } = line;
  const file =
    line.file ?? (uploaded ? { file_url: uploaded.blobKey, filename: uploaded.fileName } : readLine(line.raw));
  const filename = file.filename === undefined ? nameInUrl(file.file_url) : plainName(file.filename);
  const format = bulkFormat(file, filename, settings);
  const sizeKnown = uploaded && {
    file_size: uploaded.bytes,
    content_sha256: Buffer.from(uploaded.sha256, "base64url").toString("hex"),
  };
  const options = "options" in file && file.options !== undefined ? file.options : settings.options[format];
  const links = file as Partial<BulkFile>;
  const input = readInput(needs, {
    filename,
    file_url: file.file_url,
    format,
    options: options ?? {},
    record_id: links.record_id ?? null,
    field_id: links.field_id ?? null,
    attachment_id: links.attachment_id ?? null,
    cloud_file_id: links.cloud_file_id ?? null,
    ...sizeKnown,
  } as ExtractionInputDraft);
  if (uploaded) {
    checkUploadedBytes(format, uploaded, "");
    return input;
  }
  if (!line.isLookedUp && !isWebAddress(input.file_url)) {
    if (!isOwn(input.file_url, ownerId)) throw noSuchFile("file_url");
    return input;
  }
  const file_size = await checkFileUrl(needs, { fileUrl: input.file_url, ownerId });
  return { ...input, file_size };
}

/** A line of a manifest: JSON of one file. */
function readLine(raw: unknown): BulkFile {
  const value = typeof raw === "string" ? parseLine(raw) : raw;
  checkStorable(value, "");
  const parsed = bulkFile.safeParse(value);
  if (!parsed.success) throw problemOfZodError(parsed.error);
  return parsed.data;
}

function parseLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fieldProblem("", "json", error instanceof Error ? error.message : "is not JSON");
  }
}

function bulkFormat(file: Partial<BulkFile>, filename: string, settings: BulkSettings) {
  if (settings.format_override !== undefined) return settings.format_override;
  if (settings.auto_detect_format) return formatOf(file, filename);
  const format = saidFormat(file);
  if (format === undefined) throw fieldProblem("format", "required", "is required with auto_detect_format false");
  return format;
}

/** What is wrong with one line, its fields named from the whole request. Anything else that went wrong passes through. */
function problemsOf(error: unknown, field: string): ProblemItem[] {
  const items =
    error instanceof MillraceError ? (error.details["errors"] as readonly ProblemItem[] | undefined) : undefined;
  if (items === undefined || items.length === 0) throw error;
  return items.map((item) => ({
    ...item,
    field: item.field === "" || item.field === "body" ? field : `${field}.${item.field}`,
  }));
}

/** Records that are not there, or not the owner's. */
async function unknownRecords(
  { extractions }: EndpointNeeds,
  { inputs, lines, ownerId }: { inputs: readonly ExtractionInput[]; lines: readonly BulkLine[]; ownerId: string },
): Promise<ProblemItem[]> {
  const wanted = [...new Set(inputs.flatMap(({ record_id }) => record_id ?? []))];
  if (wanted.length === 0) return [];
  const there = new Set(await extractions.knownRecords(wanted, ownerId));
  return inputs
    .flatMap(({ record_id }, index) =>
      record_id === null || there.has(record_id)
        ? []
        : [{ field: `${lines[index]?.field}.record_id`, rule: "exists", message: "there is no record of that id" }],
    )
    .slice(0, MAX_PROBLEMS);
}
