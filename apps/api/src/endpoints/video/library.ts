import type { AnswerOf, Routes } from "@millrace/contracts";
import type { Blobs } from "@millrace/core";
import type { LibraryStore } from "@millrace/db";
import { type LibraryEntry, libraryKeys } from "@millrace/providers";
import { type Principal, visibleOwner } from "../../auth/principal.ts";
import { answerBlob } from "../../http/answer-blob.ts";
import { cutPage, readCursor } from "../../http/cursor.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { requestProblem } from "../../http/request-problem.ts";
import type { EndpointNeeds } from "../needs.ts";

type ShownVideo = AnswerOf<Routes["readLibraryVideo"]>["body"];

/** A video in the library, and where its bytes are. */
export interface LibraryVideo {
  readonly entry: LibraryEntry;
  readonly key: string;
}

export interface LibraryNeeds {
  readonly library: LibraryStore;
  readonly blobs: Pick<Blobs, "get" | "head">;
}

const MAX_ENTRY_BYTES = 1_000_000;

const noSuchVideo = () => requestProblem("NOT_FOUND", "There is no video of that id.");

async function openEntry(
  blobs: LibraryNeeds["blobs"],
  ownerId: string,
  videoId: string,
): Promise<LibraryVideo | undefined> {
  const keys = libraryKeys(ownerId, videoId);
  if ((await blobs.head(keys.entry)) === undefined) return undefined;
  const bytes = await blobs.get(keys.entry, { maxBytes: MAX_ENTRY_BYTES });
  return { entry: JSON.parse(Buffer.from(bytes).toString("utf8")) as LibraryEntry, key: keys.video };
}

/** The video, where this principal may see it; null: somebody without a key. A private one is as if it were not there. */
export async function findLibraryVideo(
  { library, blobs }: LibraryNeeds,
  videoId: string,
  principal: Principal | null,
): Promise<LibraryVideo | undefined> {
  for (const ownerId of await library.ownersOf(videoId)) {
    const video = await openEntry(blobs, ownerId, videoId);
    const isTheirs = principal !== null && (principal.isAdmin || principal.ownerId === ownerId);
    if (video !== undefined && (isTheirs || video.entry.privacy !== "private")) return video;
  }
  return undefined;
}

function shownVideo({ entry }: LibraryVideo): ShownVideo {
  return {
    video_id: entry.video_id,
    title: entry.title,
    description: entry.description,
    tags: [...entry.tags],
    privacy: entry.privacy,
    duration_seconds: entry.duration_seconds,
    width: entry.width,
    height: entry.height,
    bytes: entry.bytes,
    published_at: entry.published_at,
    page: `/library/${entry.video_id}`,
    url: `/api/v1/library/${entry.video_id}/video.mp4`,
  };
}

export function listLibrary({ video, blobs }: EndpointNeeds): Endpoint<Routes["listLibrary"]> {
  return async ({ principal, query }) => {
    const rows = await video.library.listPublished({
      ownerId: visibleOwner(principal),
      limit: query.limit + 1,
      before: readCursor(query.cursor),
    });
    const { page, next } = cutPage(rows, query.limit);
    const found = await Promise.all(page.map(({ ownerId, videoId }) => openEntry(blobs, ownerId, videoId)));
    const videos = found.flatMap((one) => (one === undefined ? [] : [shownVideo(one)]));
    return { status: 200, body: { videos, next_cursor: next } };
  };
}

export function readLibraryVideo({ video, blobs }: EndpointNeeds): Endpoint<Routes["readLibraryVideo"]> {
  return async ({ principal, params }) => {
    const found = await findLibraryVideo({ library: video.library, blobs }, params.video_id, principal);
    if (found === undefined) throw noSuchVideo();
    return { status: 200, body: shownVideo(found) };
  };
}

export function downloadLibraryVideo({ video, blobs }: EndpointNeeds): Endpoint<Routes["downloadLibraryVideo"]> {
  return async ({ principal, params, request }) => {
    const found = await findLibraryVideo({ library: video.library, blobs }, params.video_id, principal);
    if (found === undefined) throw noSuchVideo();
    return answerBlob(blobs, servedVideo(found), request);
  };
}

/** Published once and never written again, so its id says which bytes they are. */
export const servedVideo = ({ entry, key }: LibraryVideo) => ({
  key,
  bytes: entry.bytes,
  mediaType: "video/mp4",
  version: entry.video_id,
  isPublic: entry.privacy === "public",
});
