import { pipeline } from "node:stream/promises";
import { PROBLEM_MEDIA_TYPE, type Problem } from "@millrace/contracts";
import type { Response } from "express";

interface Sendable {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One JSON answer. Straight to the socket: Express' own `json` costs an ETag and two more passes over the text. */
export function sendJson(
  response: Response,
  { status, body, headers }: Sendable,
  mediaType = "application/json",
): void {
  const text = JSON.stringify(body);
  response.statusCode = status;
  for (const name in headers) response.setHeader(name, headers[name] ?? "");
  response.setHeader("content-type", mediaType);
  response.setHeader("content-length", Buffer.byteLength(text));
  response.end(text);
}

/** An answer that is its status alone. */
export function sendNothing(response: Response, { status, headers }: Omit<Sendable, "body">): void {
  response.statusCode = status;
  for (const name in headers) response.setHeader(name, headers[name] ?? "");
  response.end();
}

export function sendProblem(response: Response, problem: Problem, headers: Readonly<Record<string, string>>): void {
  sendJson(response, { status: problem.status, body: problem, headers }, PROBLEM_MEDIA_TYPE);
}

/** Bytes as they come; a source that breaks half-way breaks the connection, so that no caller takes a part for the whole. */
export async function sendStream(
  response: Response,
  source: NodeJS.ReadableStream,
  { status, headers }: Omit<Sendable, "body">,
): Promise<void> {
  response.statusCode = status;
  for (const name in headers) response.setHeader(name, headers[name] ?? "");
  await pipeline(source, response);
}
