import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Json } from "@millrace/core";

/** SHA-256, hex, of what something is made from. Fields count in the order they are written. */
export function hashOf(value: Json): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** SHA-256, hex, of a file's bytes. */
export async function hashOfFile(path: string): Promise<string> {
  const hash: Hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
