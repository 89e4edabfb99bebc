import type { ContentInput } from "./input.ts";
import type { Fetched } from "./outputs.ts";
import { placeholderTitle } from "./video-facts.ts";

const MAX_TITLE = 500;

function nameOfFile(fileName: string): string {
  return fileName
    .replace(/\.[A-Za-z0-9]{1,10}$/, "")
    .replace(/[_]+/g, " ")
    .trim();
}

function nameOfPage(address: string): string {
  const url = new URL(address);
  return `${url.hostname}${url.pathname === "/" ? "" : url.pathname}`;
}

/** Every content has a title: the caller's, the known one, the source's own, and last what it is called by. */
export function titleOf(options: {
  readonly input: ContentInput;
  readonly fetched: Fetched;
  readonly read: string | null;
  readonly videoId: string | null;
}): string {
  const { input, fetched, read, videoId } = options;
  const lastResort = () => {
    if (videoId !== null) return placeholderTitle(videoId);
    if (input.source === "upload") return nameOfFile(input.file_name);
    return nameOfPage(fetched.source_url ?? input.url);
  };
  const title = input.title ?? fetched.title ?? read ?? lastResort();
  return title.trim().slice(0, MAX_TITLE) || "Untitled";
}
