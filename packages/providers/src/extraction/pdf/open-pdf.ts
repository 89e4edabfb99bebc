import { MillraceError } from "@millrace/core";
import { cleanLine } from "../../convert/clean-text.ts";
import type { Pdf, PdfJs } from "./pdfjs.ts";
import { refuseBombs } from "./refuse-bombs.ts";

/** The mark may come after junk, as every reader allows (PDF 1.7, appendix H.3.4.1). */
const MARK_WITHIN_BYTES = 1_024;

/** What pdf.js' refusals mean for the file. */
export function readingError(cause: unknown): MillraceError {
  if (cause instanceof MillraceError) return cause;
  const name = cause instanceof Error ? cause.name : "";
  if (name === "PasswordException") {
    return new MillraceError("CONTENT_ENCRYPTED", "the PDF is locked with a password", { cause });
  }
  if (cause instanceof RangeError) {
    return new MillraceError("CONTENT_TOO_COMPLEX", "the PDF is nested too deeply, or needs too much memory", {
      cause,
    });
  }
  const reason = cause instanceof Error ? `: ${cleanLine(cause.message, 200) ?? name}` : "";
  return new MillraceError("CONTENT_DAMAGED", `the PDF cannot be read${reason}`, { cause });
}

interface OpenCall {
  readonly pdfJs: PdfJs;
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal;
}

/** An open PDF. */
export interface OpenPdf {
  readonly pdfJs: PdfJs;
  readonly pdf: Pdf;
  /** Ends the reading with this error, in the midst of a page too. */
  readonly giveUp: (error: Error) => void;
  /** What pdf.js promises, or the error it was ended with: pdf.js leaves promises open when it is ended. */
  readonly orGivenUp: <T>(promise: Promise<T>) => Promise<T>;
}

/** Opens a PDF for as long as `use` takes. Pictures are never unpacked. */
export async function withPdf<T>({ pdfJs, bytes, signal }: OpenCall, use: (open: OpenPdf) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  if (bytes.length === 0) throw new MillraceError("CONTENT_EMPTY", "the file is empty");
  if (!Buffer.from(bytes.subarray(0, MARK_WITHIN_BYTES)).includes("%PDF-")) {
    throw new MillraceError("CONTENT_DAMAGED", "the file does not start like a PDF");
  }
  await refuseBombs(bytes, signal);
  const task = pdfJs.getDocument({
    // a copy, because pdf.js takes the buffer away from whoever owns it
    data: new Uint8Array(bytes),
    isEvalSupported: false,
    disableFontFace: true,
    useSystemFonts: true,
    maxImageSize: 0,
    verbosity: 0,
  });
  let giveUp: (error: Error) => void = () => {};
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = (error) => {
      reject(error);
      void task.destroy().catch(() => {});
    };
  });
  givenUp.catch(() => {});
  const orGivenUp = <V>(promise: Promise<V>): Promise<V> => Promise.race([promise, givenUp]);
  const stop = () => giveUp(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    const pdf = await orGivenUp(task.promise).catch((error: unknown) => {
      signal.throwIfAborted();
      throw readingError(error);
    });
    return await use({ pdfJs, pdf, giveUp, orGivenUp });
  } finally {
    signal.removeEventListener("abort", stop);
    await task.destroy();
  }
}

/** A file that was cut off has no end mark. */
export function hasEnd(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(-2_048)).includes("%%EOF");
}
