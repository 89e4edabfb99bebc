import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { MillraceError } from "@millrace/core";
import { CHECKED_BYTES, checkBytes } from "../detect/check-bytes.ts";
import type { FileKind } from "../detect/kind-of-bytes.ts";
import type { ExtractionFormat } from "../extractor.ts";

export interface Checks {
  readonly format: ExtractionFormat;
  readonly fileName: string;
  readonly maxBytes: number;
}

export interface CheckedStream {
  /** The same bytes; ends with an error as soon as they are too many or begin like another format. */
  readonly stream: Readable;
  /** What went by, once the stream has ended. */
  seen(): { readonly bytes: number; readonly sha256: string; readonly kind: FileKind };
}

/** Counts, hashes and judges bytes on their way; holds back no more than the first 64 KiB. */
export function checkedStream(source: AsyncIterable<Uint8Array>, checks: Checks): CheckedStream {
  const hash = createHash("sha256");
  let bytes = 0;
  let kind: FileKind | undefined;
  async function* check(): AsyncGenerator<Buffer> {
    let held: Buffer[] = [];
    let heldBytes = 0;
    for await (const chunk of source) {
      const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      bytes += buffer.length;
      if (bytes > checks.maxBytes) throw fileTooLarge(checks.maxBytes);
      hash.update(buffer);
      if (kind !== undefined) {
        yield buffer;
        continue;
      }
      held.push(buffer);
      heldBytes += buffer.length;
      if (heldBytes < CHECKED_BYTES) continue;
      kind = judge(Buffer.concat(held), checks);
      yield* held;
      held = [];
    }
    kind ??= judge(Buffer.concat(held), checks);
    yield* held;
  }
  return {
    stream: Readable.from(check(), { objectMode: false }),
    seen() {
      if (kind === undefined) throw new Error("the stream has not ended");
      return { bytes, sha256: hash.copy().digest("hex"), kind };
    },
  };
}

const judge = (start: Buffer, { format, fileName }: Checks): FileKind =>
  checkBytes(format, start.subarray(0, CHECKED_BYTES), fileName);

export function fileTooLarge(maxBytes: number, cause?: unknown): MillraceError {
  return new MillraceError("CONTENT_TOO_LARGE", `The file is larger than ${maxBytes} bytes.`, {
    details: { max_bytes: maxBytes },
    cause,
  });
}
