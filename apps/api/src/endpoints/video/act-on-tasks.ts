import type { AnswerOf, Routes } from "@millrace/contracts";
import type { CancelTaskAnswer, QueueTaskAnswer, RefusedMove } from "@millrace/pipelines";
import { actorOf, type Principal, visibleOwner } from "../../auth/principal.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { conflict } from "../../http/request-problem.ts";
import type { EndpointNeeds } from "../needs.ts";
import { traceparentOf } from "../submit-job.ts";
import { noSuchTask } from "./video-needs.ts";

type Queued = AnswerOf<Routes["queueTask"]>["body"];
type Cancelled = AnswerOf<Routes["cancelTask"]>["body"];
type Failure = AnswerOf<Routes["queueTasks"]>["body"]["errors"][number];

const actor = (principal: Principal, taskId: string) => ({
  taskId,
  ownerId: visibleOwner(principal),
  by: actorOf(principal),
});

export const refusedMove = ({ from, to }: RefusedMove) =>
  conflict(`A task cannot go from ${from} to ${to}.`, { from, to });

const CHANNEL_INACTIVE = "Its channel is not active: nothing new begins there.";
const wordActive = (status: string): string => `It is under way already: ${status}.`;

function queuedOrThrow(id: string, answer: QueueTaskAnswer): Queued {
  switch (answer.kind) {
    case "queued":
      return { id, job_id: answer.jobId, from_step: answer.fromStep };
    case "active":
      throw conflict(wordActive(answer.status), { from: answer.status, to: "queued", job_id: answer.jobId });
    case "refused":
      throw refusedMove(answer);
    case "channel_inactive":
      throw conflict(CHANNEL_INACTIVE, {});
    case "not_found":
      throw noSuchTask();
  }
}

function cancelledOrThrow(id: string, answer: CancelTaskAnswer): Cancelled {
  switch (answer.kind) {
    case "cancelled":
    case "requested":
      return { id, job_id: answer.jobId, cancelled: answer.kind === "cancelled" };
    case "refused":
      throw refusedMove(answer);
    case "not_found":
      throw noSuchTask();
  }
}

export async function queueOrRefuse(
  { video }: EndpointNeeds,
  principal: Principal,
  id: string,
  traceparent: string | null,
): Promise<Queued> {
  const { isAdmin } = principal;
  return queuedOrThrow(id, await video.actions.queue({ ...actor(principal, id), isAdmin, traceparent }));
}

export async function unqueueOrRefuse(
  { video }: EndpointNeeds,
  principal: Principal,
  id: string,
  reason: string | null,
): Promise<Cancelled> {
  return cancelledOrThrow(id, await video.actions.unqueue({ ...actor(principal, id), reason }));
}

export function queueTask(needs: EndpointNeeds): Endpoint<Routes["queueTask"]> {
  return async ({ principal, params, request }) => ({
    status: 202,
    body: await queueOrRefuse(needs, principal, params.id, traceparentOf(request.headers["traceparent"])),
  });
}

export function retryTask({ video }: EndpointNeeds): Endpoint<Routes["retryTask"]> {
  return async ({ principal, params, body, request }) => {
    const traceparent = traceparentOf(request.headers["traceparent"]);
    const answer = await video.actions.retry({
      ...actor(principal, params.id),
      step: body.step ?? null,
      traceparent,
    });
    return { status: 202, body: queuedOrThrow(params.id, answer) };
  };
}

export function unqueueTask(needs: EndpointNeeds): Endpoint<Routes["unqueueTask"]> {
  return async ({ principal, params, body }) => ({
    status: 202,
    body: await unqueueOrRefuse(needs, principal, params.id, body.reason ?? null),
  });
}

export function cancelTask({ video }: EndpointNeeds): Endpoint<Routes["cancelTask"]> {
  return async ({ principal, params, body }) => {
    const answer = await video.actions.cancel({ ...actor(principal, params.id), reason: body.reason ?? null });
    return { status: 202, body: cancelledOrThrow(params.id, answer) };
  };
}

/** Each by itself: one that cannot be queued keeps no other back. */
export function queueTasks({ video }: EndpointNeeds): Endpoint<Routes["queueTasks"]> {
  return async ({ principal, body, request }) => {
    const traceparent = traceparentOf(request.headers["traceparent"]);
    const { isAdmin } = principal;
    const queued: Queued[] = [];
    const errors: Failure[] = [];
    const outcomes = await Promise.all(
      body.ids.map((id) => video.actions.queue({ ...actor(principal, id), isAdmin, traceparent })),
    );
    for (const [index, id] of body.ids.entries()) {
      const answer = outcomes[index];
      if (answer?.kind === "queued") queued.push({ id, job_id: answer.jobId, from_step: answer.fromStep });
      else if (answer !== undefined) errors.push(failureOf(id, answer));
    }
    return {
      status: 200,
      body: { total: body.ids.length, success: queued.length, errors, failed_ids: errors.map((e) => e.id), queued },
    };
  };
}

function failureOf(id: string, answer: Exclude<QueueTaskAnswer, { kind: "queued" }>): Failure {
  switch (answer.kind) {
    case "active":
      return { id, message: wordActive(answer.status), from: answer.status, to: "queued", job_id: answer.jobId };
    case "refused":
      return { id, message: `cannot go from ${answer.from} to ${answer.to}`, from: answer.from, to: answer.to };
    case "channel_inactive":
      return { id, message: CHANNEL_INACTIVE };
    case "not_found":
      return { id, message: noSuchTask().message };
  }
}
