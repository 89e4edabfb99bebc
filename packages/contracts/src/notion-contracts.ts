import { z } from "zod";
import type { Route } from "./route.ts";

const route = <const R extends Route>(value: R): R => value;

const notionReceipt = z
  .object({
    outcome: z.enum(["kept", "known", "ignored", "handshake"]).meta({
      description:
        "known: it came before. ignored: not about a page. handshake: the token of a new subscription is kept.",
    }),
  })
  .meta({ id: "NotionReceipt" });

/** What Notion calls by itself. */
export const notionRoutes = {
  receiveNotionEvent: route({
    method: "post",
    path: "/api/v1/webhooks/notion",
    summary: "Where a subscription in Notion sends its events",
    description:
      "The body is Notion's, signed with the subscription's verification token. What it says is looked at afterwards.",
    tag: "video tasks",
    scope: null,
    responses: { 200: { description: "Taken", schema: notionReceipt } },
    problems: [
      "UNAUTHENTICATED",
      "VALIDATION_FAILED",
      "MALFORMED_JSON",
      "PAYLOAD_TOO_LARGE",
      "NOT_CONFIGURED",
      "STORE_UNAVAILABLE",
    ],
  }),
} as const;
