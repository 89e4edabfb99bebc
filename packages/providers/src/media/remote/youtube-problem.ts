import type { MillraceError } from "@millrace/core";
import { z } from "zod";
import type { OutboundResponse } from "../../outbound/outbound-fetch.ts";
import { jsonOf, type MediaDoor } from "./media-door.ts";
import { msUntilMidnight, PACIFIC } from "./until-midnight.ts";

const problem = z.object({
  error: z.object({
    message: z.string().optional(),
    errors: z.array(z.object({ reason: z.string().optional() })).optional(),
  }),
});

/** A channel's own limit of uploads counts the last 24 hours. */
const UPLOAD_LIMIT_WAIT_MS = 24 * 3_600_000;
const RATE_WAIT_MS = 60_000;

/** What YouTube's refusal means: the project's quota comes back at midnight Pacific. */
export function youtubeProblem(door: MediaDoor, response: OutboundResponse, now: Date): MillraceError {
  const { message = "", errors = [] } = problem.safeParse(jsonOf(response)).data?.error ?? {};
  const reason = errors.find((error) => error.reason !== undefined)?.reason ?? "";
  const words = [reason, message.slice(0, 300)].filter((part) => part !== "").join(": ");
  const details = { status: response.status, ...(reason !== "" && { reason }) };
  switch (reason) {
    case "quotaExceeded":
    case "dailyLimitExceeded":
      return door.exhausted(`has no quota left today: ${words}`, msUntilMidnight(now, PACIFIC), details);
    case "uploadLimitExceeded":
      return door.exhausted(`takes no more videos of this channel today: ${words}`, UPLOAD_LIMIT_WAIT_MS, details);
    case "rateLimitExceeded":
    case "userRateLimitExceeded":
    case "uploadRateLimitExceeded":
      return door.limited(`asks for patience: ${words}`, door.waitOf(response) ?? RATE_WAIT_MS, details);
    default:
      return door.errorOf(response, words);
  }
}
