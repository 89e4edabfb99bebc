import type { MillraceError } from "@millrace/core";
import { z } from "zod";
import type { OutboundResponse } from "../../outbound/outbound-fetch.ts";
import { jsonOf, type MediaDoor } from "./media-door.ts";

const envelope = z.object({ code: z.number(), msg: z.string().nullish(), data: z.unknown().optional() });

/** Credits are bought by a person. */
const NO_CREDITS_WAIT_MS = 15 * 60_000;

/** The `data` of KIE's envelope. KIE tells most failures by the envelope's `code`, under HTTP 200. */
export function kieDataOf(door: MediaDoor, response: OutboundResponse): unknown {
  const read = envelope.safeParse(jsonOf(response));
  if (!read.success) throw door.errorOf(response, "");
  const { code, msg, data } = read.data;
  if (code !== 200) throw kieErrorOf(door, { ...response, status: code }, msg ?? "");
  if (response.status !== 200) throw kieErrorOf(door, response, msg ?? "");
  return data;
}

function kieErrorOf(door: MediaDoor, response: OutboundResponse, words: string): MillraceError {
  const { status } = response;
  const details = { status };
  switch (status) {
    case 402:
    case 433: // the key's own limit
      return door.exhausted(`has no credits left (${status}): ${words}`, NO_CREDITS_WAIT_MS, details);
    case 451:
      return door.failed(`could not fetch the image (451): ${words}`, details);
    case 455:
      return door.failed(`is under maintenance (455): ${words}`, details);
    case 505:
      return door.refused(`has this model switched off (505): ${words}`, details);
    default:
      return door.errorOf(response, words);
  }
}

const PASSING_FAIL_CODES: ReadonlySet<string> = new Set(["408", "429", "451", "455"]);
const FORBIDDEN = /sensitive|nsfw|policy|policies|moderation|violat|prohibited|inappropriate|copyright|safety/i;

/** Why a task failed: what its rules or its parameters forbid will not succeed by itself, all else may. */
export function kieTaskError(door: MediaDoor, failCode: string, failMsg: string): MillraceError {
  const words = `${failMsg.slice(0, 300)} (${failCode || "no code"})`;
  const details = { fail_code: failCode };
  const isRefused = (/^4\d\d$/.test(failCode) && !PASSING_FAIL_CODES.has(failCode)) || FORBIDDEN.test(failMsg);
  return isRefused
    ? door.refused(`refuses the clip: ${words}`, details)
    : door.failed(`made no clip: ${words}`, details);
}
