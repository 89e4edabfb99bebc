import type { MillraceError } from "@millrace/core";
import { z } from "zod";
import type { OutboundResponse } from "../../outbound/outbound-fetch.ts";
import { jsonOf, type MediaDoor } from "./media-door.ts";
import { msUntilMidnight } from "./until-midnight.ts";

const part = z.object({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  inlineData: z.object({ data: z.string() }).optional(),
});
const answer = z.object({
  promptFeedback: z.object({ blockReason: z.string().optional() }).optional(),
  candidates: z
    .array(
      z.object({
        finishReason: z.string().optional(),
        finishMessage: z.string().optional(),
        content: z.object({ parts: z.array(part).optional() }).optional(),
      }),
    )
    .optional(),
});

/** Reasons of a rule that another try would meet again. The others are tried again. */
const RULES: ReadonlySet<string> = new Set([
  "SAFETY",
  "RECITATION",
  "LANGUAGE",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
  "IMAGE_SAFETY",
  "IMAGE_PROHIBITED_CONTENT",
  "IMAGE_RECITATION",
]);

/** The bytes of the one image that was asked for. */
export function imageOf(door: MediaDoor, response: OutboundResponse): Buffer {
  const read = answer.safeParse(jsonOf(response));
  if (!read.success) throw door.invalid("answered in an unknown shape");
  const { promptFeedback, candidates = [] } = read.data;
  const blocked = promptFeedback?.blockReason;
  if (blocked !== undefined) throw door.refused(`blocks the prompt: ${blocked}`, { reason: blocked });
  const [candidate] = candidates;
  const parts = candidate?.content?.parts ?? [];
  const image = parts.findLast(({ inlineData, thought }) => inlineData !== undefined && !thought)?.inlineData;
  if (image !== undefined) return Buffer.from(image.data, "base64");
  const reason = candidate?.finishReason ?? "NO_CANDIDATE";
  const said = candidate?.finishMessage ?? parts.map(({ text = "" }) => text).join(" ");
  const words = `${reason}${said.trim() === "" ? "" : `: ${said.trim().slice(0, 300)}`}`;
  if (RULES.has(reason)) throw door.refused(`makes no such image: ${words}`, { reason });
  throw door.invalid(`answered without an image: ${words}`, { reason });
}

const problem = z.object({
  error: z.object({
    message: z.string().optional(),
    details: z
      .array(
        z.object({
          "@type": z.string().optional(),
          violations: z.array(z.object({ quotaId: z.string().optional() })).optional(),
          retryDelay: z.string().optional(),
        }),
      )
      .optional(),
  }),
});

export interface QuotaDay {
  readonly now: Date;
  readonly quotaTimeZone: string;
}

/** Google's error: a day's quota waits for the next day, a minute's for the delay it names. */
export function problemOf(door: MediaDoor, response: OutboundResponse, day: QuotaDay): MillraceError {
  const { message = "", details = [] } = problem.safeParse(jsonOf(response)).data?.error ?? {};
  if (response.status !== 429) return door.errorOf(response, message);
  const quotas = details.flatMap(({ violations = [] }) => violations.map(({ quotaId = "" }) => quotaId));
  const asked = door.waitOf(response);
  if (quotas.some((quota) => /PerDay/i.test(quota))) {
    const wait = asked ?? msUntilMidnight(day.now, day.quotaTimeZone);
    return door.exhausted(`has no quota left today: ${message.slice(0, 300)}`, wait, { status: 429, quotas });
  }
  const delay = details.map(({ retryDelay }) => retryDelay).find((value) => value !== undefined);
  const seconds = /^(?<seconds>\d+(?:\.\d+)?)s$/.exec(delay ?? "")?.groups?.["seconds"];
  const wait = asked ?? (seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1_000));
  if (wait === undefined) return door.errorOf(response, message);
  return door.limited(`asks for patience (429): ${message.slice(0, 300)}`, wait, { status: 429, quotas });
}
