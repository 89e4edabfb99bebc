import type { IncomingMessage } from "node:http";
import type { Blobs } from "@millrace/core";
import { fieldProblem } from "../http/request-problem.ts";
import { type ReceivedForm, receiveForm, type UploadedFile } from "./receive-form.ts";
import { HEAD_BYTES } from "./upload-type.ts";

export interface Upload {
  readonly file: UploadedFile;
  readonly fields: ReceivedForm["fields"];
}

export interface ReceiveOptions {
  readonly blobs: Blobs;
  /** Where under the store the file goes; its own name is added. */
  readonly keyPrefix: string;
  readonly maxBytes: number;
  /** Of a field beside the file. */
  readonly maxFieldBytes?: number;
  readonly headBytes?: number;
}

const MAX_FIELD_BYTES = 4 * 1024;

/** Reads a form with one part called `file`. When it rejects, nothing of the file is left in the store. */
export async function receiveUpload(request: IncomingMessage, options: ReceiveOptions): Promise<Upload> {
  const { blobs, keyPrefix, maxBytes, maxFieldBytes = MAX_FIELD_BYTES, headBytes = HEAD_BYTES } = options;
  const form = await receiveForm(request, {
    blobs,
    fileParts: ["file"],
    planPart(name, before) {
      if (name !== "file") {
        throw fieldProblem(name, "unknown_field", 'is not a known part; the file\'s part is called "file"');
      }
      if (before > 0) throw fieldProblem("file", "single", "must stand once");
      return { kind: "blob", field: "file", keyPrefix, maxBytes };
    },
    maxFiles: 1,
    maxBytes,
    maxFieldBytes,
    headBytes,
  });
  const [file] = form.files;
  if (file === undefined) throw fieldProblem("file", "required", "is required");
  return { file, fields: form.fields };
}
