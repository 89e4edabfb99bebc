import type { IncomingMessage } from "node:http";
import { checkSignedBody } from "../auth/content-digest.ts";
import { requestProblem } from "./request-problem.ts";

/** What is left of an answered request's body is read and dropped for this long, so that the answer arrives; then the connection goes. */
const DRAIN_MS = 5_000;

export const hasBody = (request: IncomingMessage): boolean =>
  request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;

function tooLarge(maxBytes: number) {
  return requestProblem("PAYLOAD_TOO_LARGE", `The body is larger than ${maxBytes} bytes.`);
}

/** The whole body, at most `maxBytes`: an announced length is refused before a byte is read. Of a signed request: the signed one. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers["content-length"] ?? 0) > maxBytes) {
      reject(tooLarge(maxBytes));
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (settle: () => void) => {
      request.off("data", take).off("end", end).off("close", lost).off("error", lost);
      settle();
    };
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) finish(() => reject(tooLarge(maxBytes)));
      else chunks.push(chunk);
    };
    const end = () =>
      finish(() => {
        const body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
        try {
          checkSignedBody(request, body);
          resolve(body);
        } catch (error) {
          reject(error);
        }
      });
    const lost = () => finish(() => reject(requestProblem("VALIDATION_FAILED", "The body ended before its time.")));
    request.on("data", take).on("end", end).on("close", lost).on("error", lost);
  });
}

/** Lets a refused upload run dry for a while: closing at once would reset the connection before the caller reads the answer. */
export function drainUnread(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  request.on("error", () => {});
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), DRAIN_MS);
  timer.unref();
  request.once("end", () => clearTimeout(timer)).once("close", () => clearTimeout(timer));
}
