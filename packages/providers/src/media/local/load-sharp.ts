import { MillraceError } from "@millrace/core";

/** At the first image, not at start: its native library matters only to processes that make images. */
export async function loadSharp(): Promise<typeof import("sharp")["default"]> {
  try {
    return (await import("sharp")).default;
  } catch (error) {
    throw new MillraceError("MEDIA_TOOL_MISSING", "sharp has no build for this machine: run npm install on it.", {
      cause: error,
    });
  }
}
