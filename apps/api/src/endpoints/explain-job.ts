import type { Routes } from "@millrace/contracts";
import { type JobRow, type TicketQueue, type WaitFacts, whyWaiting } from "@millrace/core";
import { visibleOwner } from "../auth/principal.ts";
import type { Endpoint } from "../http/endpoint.ts";
import type { EndpointNeeds } from "./needs.ts";
import { noSuchJob } from "./read-jobs.ts";

export function explainJob({ store, channels, queue, clock }: EndpointNeeds): Endpoint<Routes["explainJob"]> {
  return async ({ principal, params }) => {
    const job = await store.findJob(params.id, visibleOwner(principal));
    if (job === undefined) throw noSuchJob();
    const [place, settings, fromQueue] = await Promise.all([
      channels.findPlace(job.id),
      store.laneSettings(),
      lookInto(queue, job),
    ]);
    const setting = settings.find(({ lane }) => lane === job.lane);
    if (place === undefined || setting === undefined) throw noSuchJob();
    const report = whyWaiting({ now: clock.now(), job, setting, queue: fromQueue, ...place });
    return {
      status: 200,
      body: {
        job_id: job.id,
        status: job.status,
        state: report.state,
        blockers: report.blockers.map((blocker) => ({ ...blocker, details: { ...blocker.details } })),
        lane: job.lane,
        priority: job.priority,
        channel_id: job.channelId,
        position: place.line?.position ?? null,
        picks_before: report.picksBefore,
        expected_at: report.expectedAt?.toISOString() ?? null,
      },
    };
  };
}

async function lookInto(queue: TicketQueue, job: JobRow): Promise<WaitFacts["queue"]> {
  const ticket = {
    jobId: job.id,
    resourceKey: job.resourceKey,
    seq: job.seq,
    stage: job.stage,
    dispatchNo: job.dispatchNo,
    lane: job.lane,
    traceparent: job.traceparent,
  };
  try {
    const [counts, states] = await Promise.all([
      queue.counts(job.lane),
      job.dispatchedAt === null ? [] : queue.states([ticket]),
    ]);
    return { counts, ticket: states[0] ?? null };
  } catch {
    return null;
  }
}
