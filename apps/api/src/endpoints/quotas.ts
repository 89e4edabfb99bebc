import type { Routes } from "@millrace/contracts";
import { MillraceError } from "@millrace/core";
import type { QuotaRow } from "@millrace/db";
import { actorOf, type Principal, visibleOwner } from "../auth/principal.ts";
import type { Endpoint, Endpoints } from "../http/endpoint.ts";
import { conflict, fieldProblem } from "../http/request-problem.ts";
import type { EndpointNeeds } from "./needs.ts";
import { noSuchJob } from "./read-jobs.ts";

/** More are not shown. */
const MOST_QUOTAS = 1_000;

type Needs = Pick<EndpointNeeds, "store" | "audit" | "quotas" | "permits">;
type Id = "changeJob" | "listQuotas" | "changeQuota" | "listPermits" | "changePermits";

export function quotaEndpoints(needs: Needs): Pick<Endpoints, Id> {
  const { quotas, permits } = needs;
  return {
    changeJob: changeJob(needs),
    listQuotas: async () => ({ status: 200, body: { quotas: (await quotas.listQuotas(MOST_QUOTAS)).map(shown) } }),
    changeQuota: changeQuota(needs),
    listPermits: async () => ({ status: 200, body: { permits: await permits.listPermits() } }),
    changePermits: async ({ principal, params, body }) => {
      const after = await permits.changePermits(params.provider, body.permits);
      await note(needs, principal, "audit.permits_change", { ...params, permits: after.permits });
      return { status: 200, body: after };
    },
  };
}

function changeJob({ store, audit }: Needs): Endpoint<Routes["changeJob"]> {
  return async ({ principal, params, body }) => {
    const { priority } = body;
    const answer = await store.changePriority({ jobId: params.id, ownerId: visibleOwner(principal), priority });
    if (answer.kind === "not_found") throw noSuchJob();
    if (answer.kind === "terminal") throw conflict(`the job is over already: ${answer.status}`, { job_id: params.id });
    const { before } = answer;
    const actor = actorOf(principal);
    const details = { before, after: priority };
    await audit({ event: "audit.priority_change", actor, ownerId: principal.ownerId, jobId: params.id, details });
    return { status: 200, body: { job_id: params.id, priority, before } };
  };
}

function changeQuota(needs: Needs): Endpoint<Routes["changeQuota"]> {
  return async ({ principal, params, body }) => {
    const { daily_limit: limit, time_zone: timeZone, paused_until: until, pause_reason: reason } = body;
    const isPausing = typeof until === "string";
    if (params.pool === "*" && isPausing) throw fieldProblem("paused_until", "pool", "every pool is paused on its own");
    if (reason !== undefined && !isPausing)
      throw fieldProblem("pause_reason", "together", "goes together with paused_until");
    const before = await needs.quotas.findQuota(params);
    const after = await needs.quotas
      .changeQuota(params, {
        ...(limit !== undefined && { limit }),
        ...(timeZone !== undefined && { timeZone }),
        ...(until !== undefined && { pausedUntil: until === null ? null : new Date(until) }),
        ...(reason !== undefined && { pauseReason: reason }),
      })
      .catch(refuse);
    await note(needs, principal, "audit.quota_change", { ...params, before: setOf(before), after: setOf(after) });
    return { status: 200, body: shown(after) };
  };
}

/** Only Postgres knows the time zones. */
function refuse(error: unknown): never {
  if (!(error instanceof MillraceError) || error.code !== "VALIDATION_FAILED") throw error;
  const { field, rule } = error.details;
  throw fieldProblem(String(field), "known", `must be ${String(rule)}`);
}

async function note({ audit }: Needs, principal: Principal, event: string, details: Record<string, unknown>) {
  await audit({ event, actor: actorOf(principal), details: details as never });
}

const setOf = ({ limit, timeZone, pausedUntil }: QuotaRow) => ({
  daily_limit: limit,
  time_zone: timeZone,
  paused_until: pausedUntil?.toISOString() ?? null,
});

function shown(row: QuotaRow) {
  return {
    service: row.service,
    pool: row.pool,
    ...setOf(row),
    is_own: row.isOwn,
    day: row.day,
    resets_at: row.resetsAt.toISOString(),
    units_used: row.used,
    units_reserved: row.reserved,
    pause_reason: row.pauseReason,
    waiting: row.waiting,
  };
}
