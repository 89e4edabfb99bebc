import { type Blocker, type Clock, type JobRow, type JobStore, type TicketQueue, whyWaiting } from "@millrace/core";
import type { ChannelStore } from "@millrace/db";

export interface ExplainNeeds {
  readonly jobs: Pick<JobStore, "laneSettings">;
  readonly channels: Pick<ChannelStore, "findPlace">;
  readonly queue: Pick<TicketQueue, "counts" | "states">;
  readonly clock: Clock;
}

/** What keeps a job from running; empty where nothing does, or it is over. */
export async function explainTask(
  { jobs, channels, queue, clock }: ExplainNeeds,
  job: JobRow,
): Promise<readonly Blocker[]> {
  if (job.finishedAt !== null) return [];
  const ticket = { ...job, jobId: job.id };
  const fromQueue = Promise.all([queue.counts(job.lane), job.dispatchedAt === null ? [] : queue.states([ticket])]).then(
    ([counts, states]) => ({ counts, ticket: states[0] ?? null }),
    () => null,
  );
  const [place, settings, found] = await Promise.all([channels.findPlace(job.id), jobs.laneSettings(), fromQueue]);
  const setting = settings.find(({ lane }) => lane === job.lane);
  if (place === undefined || setting === undefined) return [];
  return whyWaiting({ now: clock.now(), job, setting, queue: found, ...place }).blockers;
}
