import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Blobs, type ByteRange, MillraceError } from "@millrace/core";
import type { VideoUnit } from "@millrace/pipelines";
import type { Request, Response } from "express";

/** Anything else a browser might run. */
const SHOWN = /^(?:image\/(?:png|jpeg|webp)|video\/mp4|audio\/(?:mpeg|wav|x-wav|mp4|ogg))$/;

export type UnitBlobs = Pick<Blobs, "getStream">;

/** Streams a unit's bytes, or the part of them that a player asks for. False: they are gone, and nothing was answered. */
export async function sendUnit(req: Request, res: Response, blobs: UnitBlobs, unit: VideoUnit): Promise<boolean> {
  const range = rangeOf(req.headers.range, unit.bytes);
  const isWanted = req.method !== "HEAD" && range !== "unsatisfiable";
  const stream = isWanted ? await openUnit(blobs, unit, range) : null;
  if (stream === undefined) return false;
  res.set({
    "Accept-Ranges": "bytes",
    ETag: `"${unit.sha256}"`,
    // the address names the content
    "Cache-Control": "private, max-age=86400",
    "Content-Type": SHOWN.test(unit.mediaType) ? unit.mediaType : "application/octet-stream",
  });
  if (range === "unsatisfiable") {
    res.status(416).set("Content-Range", `bytes */${unit.bytes}`).end();
    return true;
  }
  if (range === null && req.fresh) {
    stream?.destroy();
    res.status(304).end();
    return true;
  }
  if (range !== null) res.status(206).set("Content-Range", `bytes ${range.start}-${range.end}/${unit.bytes}`);
  res.set("Content-Length", String(range === null ? unit.bytes : range.end - range.start + 1));
  if (stream === null) {
    res.end();
    return true;
  }
  await pipeline(stream, res).catch((error: NodeJS.ErrnoException) => {
    // players leave in the middle all the time
    if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  });
  return true;
}

async function openUnit(
  blobs: UnitBlobs,
  { blobKey }: VideoUnit,
  range: ByteRange | null,
): Promise<Readable | undefined> {
  try {
    return await blobs.getStream(blobKey, range ?? undefined);
  } catch (error) {
    if (error instanceof MillraceError && error.code === "BLOB_MISSING") return undefined;
    throw error;
  }
}

/** null: everything. Several ranges, and what makes no sense, are answered with everything, as HTTP allows. */
export function rangeOf(header: string | undefined, bytes: number): ByteRange | "unsatisfiable" | null {
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return null;
  if (first === "") {
    const length = Math.min(Number(last), bytes);
    return length === 0 ? "unsatisfiable" : { start: bytes - length, end: bytes - 1 };
  }
  const start = Number(first);
  const end = last === "" ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== "" && Number(last) < start) return null;
  return start >= bytes ? "unsatisfiable" : { start, end };
}
