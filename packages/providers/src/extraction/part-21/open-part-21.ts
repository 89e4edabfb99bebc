import { MillraceError } from "@millrace/core";
import { isList, isTyped, type Parameter, readParameters, textOf } from "./parameters.ts";
import { endOfStatement, nextStatement } from "./statements.ts";

/** What the header of a STEP physical file says of the file; null where it says nothing. */
export interface Part21Header {
  readonly description: string | null;
  readonly implementationLevel: string | null;
  readonly fileName: string | null;
  readonly timestamp: string | null;
  readonly authors: readonly string[];
  readonly organizations: readonly string[];
  readonly preprocessor: string | null;
  readonly originatingSystem: string | null;
  readonly authorization: string | null;
  /** As written, such as `AUTOMOTIVE_DESIGN { 1 0 10303 214 1 1 1 1 }` or `IFC4`. */
  readonly schemas: readonly string[];
}

export interface Part21 {
  readonly bytes: Buffer;
  readonly header: Part21Header;
  /** Where the instances begin. */
  readonly dataAt: number;
}

const MAX_HEADER_BYTES = 1024 * 1024;

function texts(value: Parameter | undefined): readonly string[] {
  return isList(value) ? value.map(textOf).filter((text) => text !== null) : [];
}

function headerOf(text: string): Part21Header {
  const lines = new Map<string, readonly Parameter[]>();
  for (const value of readParameters(text)) if (isTyped(value)) lines.set(value.keyword, value.parameters);
  const description = lines.get("FILE_DESCRIPTION") ?? [];
  const name = lines.get("FILE_NAME") ?? [];
  return {
    description: texts(description[0]).join(" ") || null,
    implementationLevel: textOf(description[1]),
    fileName: textOf(name[0]),
    timestamp: textOf(name[1]),
    authors: texts(name[2]),
    organizations: texts(name[3]),
    preprocessor: textOf(name[4]),
    originatingSystem: textOf(name[5]),
    authorization: textOf(name[6]),
    schemas: texts(lines.get("FILE_SCHEMA")?.[0]),
  };
}

/** Past the `DATA;` that ends the header. */
function findData(bytes: Buffer, from: number): number {
  for (let at = from; at < Math.min(bytes.length, MAX_HEADER_BYTES); ) {
    const end = endOfStatement(bytes, at);
    if (end === -1) break;
    if (/^DATA\s*[(;]/i.test(bytes.toString("latin1", at, Math.min(end, at + 20)))) return end;
    at = nextStatement(bytes, end);
  }
  return refuse("the file has no DATA section");
}

function refuse(message: string): never {
  throw new MillraceError("CONTENT_DAMAGED", message);
}

/**
 * Checks that `bytes` are a whole STEP physical file (ISO 10303-21: STEP and IFC alike) and reads its header. Throws
 * CONTENT_EMPTY, and CONTENT_DAMAGED for anything else and for a file that was cut off.
 */
export function openPart21(given: Uint8Array): Part21 {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  const at = nextStatement(bytes, bytes.toString("latin1", 0, 3) === "\xef\xbb\xbf" ? 3 : 0);
  if (at >= bytes.length) throw new MillraceError("CONTENT_EMPTY", "the file is empty");
  if (!/^ISO-10303-21\s*;/i.test(bytes.toString("latin1", at, at + 40))) {
    refuse("the file does not start with ISO-10303-21, as STEP and IFC files do");
  }
  const dataAt = findData(bytes, at);
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] ?? 0) <= 0x20) end -= 1;
  if (
    !/END-ISO-10303-21\s*;?\s*(?:\/\*(?:[^*]|\*(?!\/))*\*\/\s*)*$/i.test(
      bytes.toString("latin1", Math.max(0, end - 1024), end),
    )
  ) {
    refuse("the file ends before END-ISO-10303-21: it was cut off");
  }
  const header = headerOf(bytes.toString("latin1", at, dataAt));
  if (header.schemas.length === 0) refuse("the header names no schema (FILE_SCHEMA)");
  return { bytes, header, dataAt };
}
