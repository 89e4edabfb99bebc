import { canonicalHost, parseHttpUrl } from "./parse-http-url.ts";

const SITE_HOSTS: ReadonlySet<string> = new Set([
  "youtube.com",
  "www.youtube.com",
  "m.youtube.com",
  "music.youtube.com",
  "youtube-nocookie.com",
  "www.youtube-nocookie.com",
]);
const SHORT_HOST = "youtu.be";

const VIDEO_ID = /^[0-9A-Za-z_-]{11}$/;
const VIDEO_PATH = /^\/(?:shorts|embed|live|v)\/([^/]+)\/?$/;

/** Words of eleven letters that stand where an id does: players of a playlist and of a channel's live stream. */
const EMBED_WORDS: ReadonlySet<string> = new Set(["videoseries", "live_stream"]);

export function isYoutubeVideoId(text: string): boolean {
  return VIDEO_ID.test(text) && !EMBED_WORDS.has(text);
}

/** The video an address names: exact hosts and paths only (A-Q08). `undefined` for anything else, valid or not. */
export function youtubeVideoId(input: string): string | undefined {
  let url: URL;
  try {
    url = parseHttpUrl(input);
  } catch {
    return undefined;
  }
  const id = url.port === "" ? candidateOf(url) : undefined;
  return id !== undefined && isYoutubeVideoId(id) ? id : undefined;
}

function candidateOf(url: URL): string | undefined {
  const host = canonicalHost(url);
  if (host === SHORT_HOST) return url.pathname.match(/^\/([^/]+)\/?$/)?.[1];
  if (!SITE_HOSTS.has(host)) return undefined;
  if (/^\/watch\/?$/.test(url.pathname)) return url.searchParams.get("v") ?? undefined;
  return url.pathname.match(VIDEO_PATH)?.[1];
}
