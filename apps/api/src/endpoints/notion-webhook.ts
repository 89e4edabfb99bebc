import type { Routes } from "@millrace/contracts";
import { type Clock, type Json, type Log, MillraceError } from "@millrace/core";
import type { TaskStore } from "@millrace/db";
import { type CredentialBox, isNotionSignature, type NotionPost, readNotionPost } from "@millrace/providers";
import type { Endpoint } from "../http/endpoint.ts";
import { readBody } from "../http/read-body.ts";
import { requestProblem } from "../http/request-problem.ts";

/** Notion's events are about a page and hold none of its content. */
const MAX_EVENT_BYTES = 64 * 1024;

export interface NotionWebhookSettings {
  /** The verification token of the subscription. Without it no event is genuine. */
  readonly secret: string | undefined;
  /** Lower case. */
  readonly signatureHeader: string;
}

export interface NotionWebhookNeeds {
  readonly notion: NotionWebhookSettings;
  readonly video: { readonly tasks: Pick<TaskStore, "keepNotionEvent">; readonly box: CredentialBox | null };
  readonly clock: Clock;
  readonly log: Log;
}

/** Under this place the token of a handshake is sealed, for the command that shows it. */
const TOKEN_PLACE = { channelId: "notion", name: "verification_token" } as const;

/** Keeps an event and answers: the leader looks at its page. */
export function notionWebhook(needs: NotionWebhookNeeds): Endpoint<Routes["receiveNotionEvent"]> {
  const { notion, video } = needs;
  return async ({ request }) => {
    const body = await readBody(request, MAX_EVENT_BYTES);
    const header = request.headers[notion.signatureHeader];
    const signature = Array.isArray(header) ? header[0] : header;
    if (!isNotionSignature({ body, signature, verificationToken: notion.secret })) return takeHandshake(needs, body);
    const post = readNotionPost(body);
    if (post.kind !== "page_event") return { status: 200, body: { outcome: "ignored" } };
    const payload = JSON.parse(body.toString("utf8")) as Json;
    const isNew = await video.tasks.keepNotionEvent({
      eventId: post.id,
      type: post.type,
      pageId: post.pageId,
      payload,
    });
    return { status: 200, body: { outcome: isNew ? "kept" : "known" } };
  };
}

/**
 * The one post that cannot be signed: its token is what signs everything later. It is taken as long as there is no token
 * yet, one a minute, and kept sealed, as whoever has it can write events.
 */
async function takeHandshake({ notion, video, clock, log }: NotionWebhookNeeds, body: Uint8Array) {
  const post = readUnsigned(body);
  if (post?.kind !== "handshake" || notion.secret !== undefined) {
    throw requestProblem("UNAUTHENTICATED", "The body is not signed with the verification token of the subscription.");
  }
  if (video.box === null) {
    log.warn({}, "a handshake of Notion came, and its token cannot be kept without CREDENTIAL_KEYS");
    throw new MillraceError("NOT_CONFIGURED", "The token cannot be kept: CREDENTIAL_KEYS is not set.");
  }
  const sealed = video.box.seal(TOKEN_PLACE, post.verificationToken);
  const minute = clock.now().toISOString().slice(0, 16);
  const isNew = await video.tasks.keepNotionEvent({
    eventId: `${TOKEN_PLACE.name} ${minute}`,
    type: TOKEN_PLACE.name,
    pageId: null,
    payload: { sealed },
  });
  if (isNew) log.info({}, "a handshake of Notion is kept: `millrace notion token` shows it");
  return { status: 200, body: { outcome: "handshake" } } as const;
}

function readUnsigned(body: Uint8Array): NotionPost | undefined {
  try {
    return readNotionPost(body);
  } catch {
    return undefined;
  }
}
