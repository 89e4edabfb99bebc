import { MillraceError } from "@millrace/core";
import type { ContentInput } from "./input.ts";
import type { StageNeeds } from "./needs.ts";
import type { Fetched } from "./outputs.ts";

/** An upload is in the blob store already: only its size is asked. */
export async function openUpload(
  { blobs, limits }: StageNeeds,
  input: Extract<ContentInput, { source: "upload" }>,
): Promise<Fetched> {
  const head = await blobs.head(input.blob_key);
  if (head === undefined) throw new MillraceError("BLOB_MISSING", `the uploaded file ${input.blob_key} is gone`);
  if (head.bytes > limits.maxSourceBytes) {
    const message = `the file has ${head.bytes} bytes; at most ${limits.maxSourceBytes} are read`;
    throw new MillraceError("CONTENT_TOO_LARGE", message);
  }
  if (head.bytes === 0) throw new MillraceError("CONTENT_EMPTY", "the file is empty");
  return {
    content_type: input.content_type,
    format: input.content_type,
    raw: { key: head.key, bytes: head.bytes },
    charset: null,
    source_url: null,
    title: null,
    metadata: {},
  };
}
