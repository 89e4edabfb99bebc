import type { Routes } from "@millrace/contracts";
import { visibleOwner } from "../../auth/principal.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import type { EndpointNeeds } from "../needs.ts";
import { findVisibleChannel, findVisibleTask } from "./video-needs.ts";

const DAY_MS = 86_400_000;
const text = (instant: Date | null): string | null => instant?.toISOString() ?? null;
/** To the tenth of a thousandth, as they are kept. */
const sumOf = (costs: readonly (number | null)[]): number =>
  Math.round(costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0) * 10_000) / 10_000;

export function listTaskTransitions({ video }: EndpointNeeds): Endpoint<Routes["listTaskTransitions"]> {
  return async ({ principal, params }) => {
    const task = await findVisibleTask(video, params.id, principal);
    const rows = await video.tasks.listTransitions(task.id);
    const transitions = rows.map(({ id, runNo, fromStatus, toStatus, actor, reason, at }) => ({
      id,
      run_no: runNo,
      from: fromStatus,
      to: toStatus,
      actor,
      reason,
      at: at.toISOString(),
    }));
    return { status: 200, body: { transitions } };
  };
}

export function listTaskRuns({ video }: EndpointNeeds): Endpoint<Routes["listTaskRuns"]> {
  return async ({ principal, params }) => {
    const task = await findVisibleTask(video, params.id, principal);
    const runs = (await video.tasks.listRuns(task.id)).map((run) => ({
      run_no: run.runNo,
      job_id: run.jobId,
      from_step: run.fromStep,
      queued_by: run.queuedBy,
      outcome: run.outcome,
      error_step: run.errorStep,
      error_code: run.errorCode,
      cost_usd: run.costUsd,
      queued_at: run.queuedAt.toISOString(),
      started_at: text(run.startedAt),
      finished_at: text(run.finishedAt),
    }));
    return { status: 200, body: { runs } };
  };
}

export function listTaskErrors({ video }: EndpointNeeds): Endpoint<Routes["listTaskErrors"]> {
  return async ({ principal, params }) => {
    const task = await findVisibleTask(video, params.id, principal);
    const errors = (await video.tasks.listErrors(task.id)).map((error) => ({
      id: error.id,
      run_no: error.runNo,
      step: error.step,
      code: error.code,
      message: error.message,
      attempt: error.attempt,
      is_transient: error.isTransient,
      next_retry_at: text(error.nextRetryAt),
      at: error.at.toISOString(),
    }));
    return { status: 200, body: { errors } };
  };
}

export function listTaskCosts({ video }: EndpointNeeds): Endpoint<Routes["listTaskCosts"]> {
  return async ({ principal, params }) => {
    const task = await findVisibleTask(video, params.id, principal);
    const costs = (await video.tasks.listCosts(task.id)).map((cost) => ({
      id: cost.id,
      run_no: cost.runNo,
      component: cost.component,
      step: cost.step,
      unit: cost.unit,
      provider: cost.provider,
      cost_usd: cost.costUsd,
      api_calls: cost.apiCalls,
      units: cost.units,
      at: cost.at.toISOString(),
    }));
    return { status: 200, body: { total_cost_usd: sumOf(costs.map((cost) => cost.cost_usd)), costs } };
  };
}

export function readCosts({ video, clock }: EndpointNeeds): Endpoint<Routes["readCosts"]> {
  return async ({ principal, query }) => {
    const channel = query.channel && (await findVisibleChannel(video, query.channel, principal));
    const to = query.to === undefined ? clock.now() : new Date(query.to);
    const from = query.from === undefined ? new Date(to.getTime() - 30 * DAY_MS) : new Date(query.from);
    const rows = await video.tasks.sumCosts({
      ownerId: visibleOwner(principal),
      channelId: channel ? channel.id : undefined,
      from,
      to,
      by: query.by,
    });
    const costs = rows.map((row) => ({
      channel: row.channel,
      component: row.component,
      period: row.period,
      cost_usd: row.costUsd,
      api_calls: row.apiCalls,
      units: row.units,
      tasks: row.tasks,
      unpriced: row.unpriced,
    }));
    const total_cost_usd = sumOf(rows.map((row) => row.costUsd));
    return {
      status: 200,
      body: { from: from.toISOString(), to: to.toISOString(), by: query.by, total_cost_usd, costs },
    };
  };
}
