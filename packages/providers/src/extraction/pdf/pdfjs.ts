import { getResolvedPDFJS } from "unpdf";

export type PdfJs = Awaited<ReturnType<typeof getResolvedPDFJS>>;
export type LoadingTask = ReturnType<PdfJs["getDocument"]>;
export type Pdf = Awaited<LoadingTask["promise"]>;
export type PdfPage = Awaited<ReturnType<Pdf["getPage"]>>;

interface Transferable extends ArrayBuffer {
  transferToFixedLength?(length?: number): ArrayBuffer;
}

/**
 * pdf.js, able to list a page's drawing operators. pdf.js 5.6 hands fonts over with `transferToFixedLength`, which
 * Node 20 has not: without it every page silently ends at its first font.
 */
export async function loadPdfJs(): Promise<PdfJs> {
  const buffer: Transferable = ArrayBuffer.prototype;
  if (buffer.transferToFixedLength === undefined) {
    Object.defineProperty(buffer, "transferToFixedLength", {
      configurable: true,
      writable: true,
      value(this: ArrayBuffer, length: number = this.byteLength): ArrayBuffer {
        return this.slice(0, length);
      },
    });
  }
  return getResolvedPDFJS();
}
