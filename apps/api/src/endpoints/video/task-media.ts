import type { Routes } from "@millrace/contracts";
import type { Blobs } from "@millrace/core";
import type { TaskWork } from "@millrace/db";
import type { Request } from "express";
import type { Principal } from "../../auth/principal.ts";
import { answerBlob, type BlobAnswer } from "../../http/answer-blob.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { fieldProblem, requestProblem } from "../../http/request-problem.ts";
import type { EndpointNeeds } from "../needs.ts";
import { findVisibleTask } from "./video-needs.ts";

type TaskUnit = Awaited<ReturnType<TaskWork["unitsOf"]>>[number];

export function listTaskUnits({ video }: EndpointNeeds): Endpoint<Routes["listTaskUnits"]> {
  return async ({ principal, params }) => {
    const task = await findVisibleTask(video, params.id, principal);
    const units = (await video.work.unitsOf(task.id)).map((unit) => ({
      step: unit.step,
      unit: unit.unit,
      take: unit.take,
      media_type: unit.mediaType,
      bytes: unit.bytes,
      seconds: unit.seconds,
      sha256: unit.sha256,
      is_rejected: unit.isRejected,
      url: `/api/v1/tasks/${task.id}/units/${unit.step}/${unit.unit}`,
    }));
    return { status: 200, body: { units } };
  };
}

export function readTaskUnit(needs: EndpointNeeds): Endpoint<Routes["readTaskUnit"]> {
  return ({ principal, params, request }) =>
    sendUnit(
      needs,
      { principal, request, id: params.id },
      (unit) => unit.step === params.step && unit.unit === params.unit,
    );
}

export function readTaskUnitInFolder(needs: EndpointNeeds): Endpoint<Routes["readTaskUnitInFolder"]> {
  return ({ principal, params, request }) => {
    const name = `${params.folder}/${params.unit}`;
    return sendUnit(
      needs,
      { principal, request, id: params.id },
      (unit) => unit.step === params.step && unit.unit === name,
    );
  };
}

export function readTaskVideo(needs: EndpointNeeds): Endpoint<Routes["readTaskVideo"]> {
  return async ({ principal, params, request }) => {
    const task = await findVisibleTask(needs.video, params.id, principal);
    if (task.finalVideoPath === null) throw requestProblem("NOT_FOUND", "The video of this task is not made yet.");
    const asked = { principal, request, id: params.id };
    return sendUnit(needs, asked, (unit) => unit.blobKey === task.finalVideoPath);
  };
}

const HOUR_SECONDS = 3_600;

/** C-Q24: for boards and mails that cannot send a key. */
export function createTaskFileLink(needs: EndpointNeeds): Endpoint<Routes["createTaskFileLink"]> {
  const { video, clock } = needs;
  return async ({ principal, params, body, request }) => {
    const task = await findVisibleTask(video, params.id, principal);
    if (video.links === null) {
      throw requestProblem("NOT_CONFIGURED", "There is no key to sign addresses with: set CREDENTIAL_KEYS.");
    }
    const unit = (await video.work.unitsOf(task.id)).find((u) => u.step === body.step && u.unit === body.unit);
    if (unit === undefined) throw fieldProblem("unit", "known", "is no unit of this step");
    const expires = Math.ceil(clock.now().getTime() / 1_000 + body.expires_in_hours * HOUR_SECONDS);
    const token = video.links.sign({
      task_id: task.id,
      step: unit.step,
      unit: unit.unit,
      sha256: unit.sha256,
      expires,
    });
    const origin = `${request.protocol}://${request.headers.host ?? "localhost"}`;
    const url = `${origin}/api/v1/files/${token}`;
    return { status: 201, body: { url, expires_at: new Date(expires * 1_000).toISOString() } };
  };
}

export function readLinkedTaskFile({ video, blobs, clock }: EndpointNeeds): Endpoint<Routes["readLinkedTaskFile"]> {
  return async ({ params, request }) => {
    const file = video.links?.open(params.token, clock.now());
    const unit =
      file && (await video.work.unitsOf(file.task_id)).find((u) => u.step === file.step && u.unit === file.unit);
    if (unit === undefined || unit.sha256 !== file?.sha256) {
      throw requestProblem("NOT_FOUND", "This address leads nowhere, or its time is over.");
    }
    return answerUnit(blobs, unit, request);
  };
}

async function answerUnit(blobs: Blobs, unit: TaskUnit, request: Request): Promise<BlobAnswer> {
  const head = await blobs.head(unit.blobKey);
  if (head === undefined) throw requestProblem("BLOB_MISSING", "The file of this unit is gone.");
  const { mediaType, sha256: version } = unit;
  return answerBlob(blobs, { key: head.key, bytes: head.bytes, mediaType, version }, request);
}

async function sendUnit(
  { video, blobs }: EndpointNeeds,
  { principal, request, id }: { readonly principal: Principal; readonly request: Request; readonly id: string },
  isWanted: (unit: TaskUnit) => boolean,
): Promise<BlobAnswer> {
  const task = await findVisibleTask(video, id, principal);
  const unit = (await video.work.unitsOf(task.id)).find(isWanted);
  if (unit === undefined) throw requestProblem("NOT_FOUND", "There is no such unit of this task.");
  return answerUnit(blobs, unit, request);
}
