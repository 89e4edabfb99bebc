import type { Blobs } from "@millrace/core";
import express, { type RequestHandler, type Router } from "express";
import helmet from "helmet";
import { findLibraryVideo, type LibraryNeeds, servedVideo } from "./endpoints/video/library.ts";
import { answerBlob } from "./http/answer-blob.ts";
import { sendNothing, sendStream } from "./http/send.ts";

/** One video and its words: no scripts, no frames, nothing from elsewhere. */
const security: RequestHandler = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      "default-src": ["'none'"],
      "media-src": ["'self'"],
      "style-src": ["'unsafe-inline'"],
      "base-uri": ["'none'"],
      "form-action": ["'none'"],
      "frame-ancestors": ["'none'"],
    },
  },
});

const VIDEO_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Public and unlisted videos, for browsers. A private one is as if it were not there. */
export function libraryPage({ library, blobs }: LibraryNeeds & { readonly blobs: Blobs }): Router {
  const router = express.Router();
  router.use(security);
  const find = async (id: unknown) =>
    typeof id === "string" && VIDEO_ID.test(id) ? findLibraryVideo({ library, blobs }, id, null) : undefined;

  router.get("/:id", async (request, response) => {
    const video = await find(request.params["id"]);
    response.status(video === undefined ? 404 : 200).type("html");
    if (video === undefined) {
      response.send(page("Library", "<p>There is no such video.</p>"));
      return;
    }
    const { entry } = video;
    if (entry.privacy !== "public") response.setHeader("x-robots-tag", "noindex");
    const size = `width="${entry.width}" height="${entry.height}"`;
    const tags = entry.tags.length === 0 ? "" : `<p class="tags">${escaped(entry.tags.join(" · "))}</p>`;
    response.send(
      page(
        entry.title,
        `<video controls preload="metadata" ${size} src="/library/${entry.video_id}/video.mp4"></video>
<p class="at">${escaped(entry.published_at.slice(0, 10))}</p><p class="words">${escaped(entry.description)}</p>${tags}`,
      ),
    );
  });

  router.get("/:id/video.mp4", async (request, response) => {
    const video = await find(request.params["id"]);
    if (video === undefined) {
      response.status(404).end();
      return;
    }
    const answer = await answerBlob(blobs, servedVideo(video), request);
    if ("stream" in answer) await sendStream(response, answer.stream, answer);
    else sendNothing(response, answer);
  });
  return router;
}

function page(title: string, content: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2430}
h1{font-size:1.4rem}video{display:block;width:100%;height:auto;background:#000;border-radius:6px}.at,.tags{color:#5a6473;font-size:.9rem}
.words{white-space:pre-line;overflow-wrap:anywhere}</style></head><body><main><h1>${escaped(title)}</h1>${content}</main></body></html>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
