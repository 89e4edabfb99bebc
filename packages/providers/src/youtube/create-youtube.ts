import { type Clock, MillraceError, systemClock } from "@millrace/core";
import type { OutboundFetch } from "../outbound/outbound-fetch.ts";
import { askYoutube, SITE } from "./ask-youtube.ts";
import { openPlayer } from "./open-player.ts";
import { fromDataApi, withoutKey } from "./read-metadata.ts";
import { readTranscript } from "./read-transcript.ts";
import type { Youtube } from "./youtube.ts";

export interface YoutubeOptions {
  readonly fetch: OutboundFetch;
  /** Of the YouTube Data API; without one metadata comes from the public player. */
  readonly apiKey?: string | undefined;
  /** Where to ask instead of YouTube itself. */
  readonly baseUrls?: { readonly site?: string; readonly dataApi?: string };
  readonly clock?: Clock;
}

const DATA_API = "https://www.googleapis.com/youtube/v3";

/** YouTube by its Data API where there is a key, else by its public, undocumented player interface. */
export function createYoutube({ fetch, apiKey, baseUrls = {}, clock = systemClock }: YoutubeOptions): Youtube {
  const site = baseUrls.site ?? SITE;
  const api = apiKey ? { url: baseUrls.dataApi ?? DATA_API, key: apiKey } : undefined;
  return {
    async transcript(videoId, { language, signal }) {
      const ask = askYoutube({ fetch, site, signal });
      // the web player's captions want a token that only a browser can make; the app's do not
      const player = await openPlayer(ask, videoId, "ANDROID");
      return readTranscript(ask, player, language);
    },
    async metadata(videoId, { signal }) {
      const ask = askYoutube({ fetch, site, signal });
      if (api === undefined) return withoutKey(ask, videoId, clock.now());
      try {
        return await fromDataApi(ask, api, videoId, clock.now());
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof MillraceError && error.code === "VIDEO_UNAVAILABLE") throw error;
        // a spent quota or a wrong key need not cost the video its title
        return await withoutKey(ask, videoId, clock.now()).catch((otherError: unknown) => {
          signal.throwIfAborted();
          const isGone = otherError instanceof MillraceError && otherError.code === "VIDEO_UNAVAILABLE";
          // what helps is the new quota, not another try
          throw error instanceof MillraceError && error.retry === "park" && !isGone ? error : otherError;
        });
      }
    },
  };
}
