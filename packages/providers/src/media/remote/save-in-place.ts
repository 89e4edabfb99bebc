import { randomUUID } from "node:crypto";
import { rename, rm } from "node:fs/promises";

/** What `write` leaves at its path is moved to `outputPath` in one step, so that there is never half a file there. */
export async function saveInPlace<T>(outputPath: string, write: (partPath: string) => Promise<T>): Promise<T> {
  const partPath = `${outputPath}.part-${randomUUID()}`;
  try {
    const result = await write(partPath);
    await rename(partPath, outputPath);
    return result;
  } finally {
    await rm(partPath, { force: true });
  }
}
