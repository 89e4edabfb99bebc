import { type Lane, type LaneLimits, MillraceError, type RateLimit } from "@millrace/core";
import { EVENTS_KEPT, type LaneQueue } from "./queue-backend.ts";

/** What BullMQ enforces for the lane now. */
export async function readLimits(queue: LaneQueue, lane: Lane): Promise<LaneLimits> {
  const { paused, concurrency, max, duration } = await queue.getMeta();
  return {
    lane,
    isPaused: paused === true,
    concurrency: concurrency ?? null,
    rateLimit: max === undefined || duration === undefined ? null : { max, durationMs: duration },
  };
}

/** Changes what differs, nothing else: one read when nothing does. */
export async function applyLimits(queue: LaneQueue, wanted: LaneLimits): Promise<void> {
  checkLimits(wanted);
  const meta = await queue.getMeta();
  const { isPaused, concurrency, rateLimit } = wanted;
  if (isPaused && !meta.paused) await queue.pause();

  const isOtherConcurrency = concurrency !== (meta.concurrency ?? null);
  if (isOtherConcurrency && concurrency === null) await queue.removeGlobalConcurrency();
  else if (isOtherConcurrency && concurrency !== null) await queue.setGlobalConcurrency(concurrency);

  const isOtherRate = rateLimit?.max !== meta["max"] || rateLimit?.durationMs !== meta["duration"];
  if (isOtherRate) await changeRate(queue, rateLimit);

  // BullMQ sets this when a queue is opened only, so an emptied Redis would keep 10,000 events a lane.
  if (meta["maxLenEvents"] !== EVENTS_KEPT) await queue.getBackend().setQueueMeta({ "opts.maxLenEvents": EVENTS_KEPT });

  // It also wakes an idle worker, who would hear of a wider limit only at the end of its read.
  if (!isPaused && (meta.paused || isOtherConcurrency || isOtherRate)) await queue.resume();
}

async function changeRate(queue: LaneQueue, rateLimit: RateLimit | null): Promise<void> {
  if (rateLimit === null) await queue.removeGlobalRateLimit();
  else await queue.setGlobalRateLimit(rateLimit.max, rateLimit.durationMs);
  // The window under way was begun with the old duration: after "1 an hour" nothing else would come for an hour.
  await queue.removeRateLimitKey();
}

/** BullMQ would take anything: a concurrency of 0 is a pause nobody sees, a rate without an end never ends. */
function checkLimits({ lane, concurrency, rateLimit }: LaneLimits): void {
  const numbers = { concurrency, "rateLimit.max": rateLimit?.max, "rateLimit.durationMs": rateLimit?.durationMs };
  for (const [field, value] of Object.entries(numbers)) {
    if (value === null || value === undefined || (Number.isSafeInteger(value) && value > 0)) continue;
    throw new MillraceError("VALIDATION_FAILED", `${field} of lane ${lane} must be a whole number above 0.`, {
      details: { field, value },
    });
  }
}
