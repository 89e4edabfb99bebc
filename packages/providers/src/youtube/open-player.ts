import { MillraceError } from "@millrace/core";
import type { YT } from "youtubei.js";
import type { Ask } from "./ask-youtube.ts";

export type Player = YT.VideoInfo;

/** youtubei.js is 22 MB and takes a second to load: only who asks YouTube pays for it. */
async function loadLibrary() {
  const library = await import("youtubei.js");
  library.Log.setLevel(library.Log.Level.NONE);
  // it reports parts of answers it does not know on the console, and there are always some
  library.Parser.setParserErrorHandler(() => {});
  return library;
}

let library: ReturnType<typeof loadLibrary> | undefined;

/** The library's idea of fetch, answered by ours. What ours throws is kept in `failure`, before the library wraps it. */
function fetchFor(ask: Ask, failure: { error?: unknown }): typeof globalThis.fetch {
  return async (input, init) => {
    const request = input instanceof Request ? input : new Request(input, init);
    const body = init?.body ?? (request.body === null ? undefined : await request.text());
    const answer = await ask(request.url, {
      method: request.method === "POST" ? "POST" : "GET",
      headers: Object.fromEntries(new Headers(init?.headers ?? request.headers)),
      ...(typeof body === "string" ? { body } : {}),
    }).catch((error: unknown) => {
      failure.error = error;
      throw error;
    });
    // a plain ArrayBuffer view, which is what a Response takes
    return new Response(new Uint8Array(answer.body), { status: answer.status, headers: { ...answer.headers } });
  };
}

/** What a player says when it does not play. */
function playabilityError(status: string | undefined, reason: string | undefined): MillraceError | undefined {
  if (status === undefined || status === "OK") return undefined;
  const why = reason?.trim().slice(0, 200) || status;
  // YouTube's answer to whole networks that it takes for robots; the video itself is fine
  if (/not a bot|unusual traffic/i.test(why)) {
    return new MillraceError("URL_HTTP_ERROR", `YouTube refuses requests from this address: ${why}`, {
      retry: "backoff",
      details: { status },
    });
  }
  // a premiere or a stream that has not started has no transcript yet, but may be watched later
  return new MillraceError("VIDEO_UNAVAILABLE", `YouTube says: ${why}`, { details: { status } });
}

/** The words that youtubei.js puts into its error for a video that is gone. */
function reasonOf(error: unknown): string | undefined {
  const details = error instanceof Error && "info" in error ? error.info : undefined;
  const reason = typeof details === "object" && details !== null && "reason" in details ? details.reason : undefined;
  return typeof reason === "string" ? reason : undefined;
}

/** Asks YouTube's player about a video. VIDEO_UNAVAILABLE for one that is private, removed or unknown. */
export async function openPlayer(ask: Ask, videoId: string, client: "ANDROID" | "WEB"): Promise<Player> {
  library ??= loadLibrary();
  const { Innertube } = await library;
  const failure: { error?: unknown } = {};
  try {
    // made for each question, without asking anybody: the session carries the caller's signal
    const innertube = await Innertube.create({
      fetch: fetchFor(ask, failure),
      generate_session_locally: true,
      retrieve_player: false,
      retrieve_innertube_config: false,
    });
    const player = await innertube.getBasicInfo(videoId, { client });
    const problem = playabilityError(player.playability_status?.status, player.playability_status?.reason);
    if (problem !== undefined) throw problem;
    return player;
  } catch (error) {
    if ("error" in failure) throw failure.error;
    if (error instanceof MillraceError) throw error;
    if (error instanceof Error && error.message === "This video is unavailable") {
      throw playabilityError("ERROR", reasonOf(error) ?? "This video is unavailable") ?? error;
    }
    const message = `YouTube's answer was not understood: ${error instanceof Error ? error.message.slice(0, 200) : error}`;
    throw new MillraceError("URL_HTTP_ERROR", message, { cause: error });
  }
}
