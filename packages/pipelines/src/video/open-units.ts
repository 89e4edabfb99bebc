import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Blobs, MillraceError } from "@millrace/core";
import { hashOfFile } from "./hash-of.ts";
import type { VideoUnit } from "./needs.ts";
import type { VideoStep } from "./task-lifecycle.ts";

/** What a task has, and its files on this machine. */
export interface UnitFiles {
  find(step: VideoStep, unit: string): VideoUnit | undefined;
  /** Where the unit's file lies, fetched at first use. */
  fetch(unit: VideoUnit): Promise<string>;
}

const ENDINGS: Readonly<Record<string, string>> = {
  "image/png": "png",
  "video/mp4": "mp4",
  "audio/wav": "wav",
  "audio/mpeg": "mp3",
};

export function endingOf(mediaType: string): string {
  return ENDINGS[mediaType] ?? "bin";
}

export function openUnits({
  blobs,
  known,
  folder,
  signal,
}: {
  readonly blobs: Blobs;
  readonly known: readonly VideoUnit[];
  readonly folder: string;
  readonly signal: AbortSignal;
}): UnitFiles {
  const nameOf = (step: VideoStep, unit: string): string => `${step}/${unit}`;
  const byName = new Map(known.map((unit) => [nameOf(unit.step, unit.unit), unit]));
  const fetched = new Map<string, Promise<string>>();

  async function fetch({ step, unit, blobKey, mediaType, sha256 }: VideoUnit): Promise<string> {
    const path = join(folder, "in", `${step}-${unit.replaceAll("/", "-")}.${endingOf(mediaType)}`);
    await mkdir(join(folder, "in"), { recursive: true });
    await pipeline(await blobs.getStream(blobKey), createWriteStream(path), { signal });
    if ((await hashOfFile(path)) === sha256) return path;
    throw new MillraceError("MEDIA_FAILED", `${step} ${unit} is stored with other bytes than it was made of.`, {
      retry: "backoff",
      details: { step, unit },
    });
  }

  return {
    find: (step, unit) => byName.get(nameOf(step, unit)),
    fetch(unit) {
      const found = fetched.get(unit.blobKey) ?? fetch(unit);
      fetched.set(unit.blobKey, found);
      return found;
    },
  };
}
