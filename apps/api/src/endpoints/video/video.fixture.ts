import { randomBytes } from "node:crypto";
import {
  type GateRequest,
  gateOf,
  type JsonObject,
  type PipelineSpec,
  parkForReview,
  placeAfter,
  placeOf,
} from "@millrace/core";
import { type VideoStep, videoSpec } from "@millrace/pipelines";
import { expect } from "vitest";
import type { TestApi } from "../../test-api.fixture.ts";

const spec = videoSpec() as PipelineSpec;

/** A page's id with dashes, as Notion has it. */
export function pageId(): string {
  const hex = randomBytes(16).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export const CHANNEL = { channel_name: "Nature in 90 seconds", notion_database_id: null };

export async function makeChannel(api: TestApi, fields: JsonObject = {}): Promise<string> {
  const channel_id = `c_${randomBytes(6).toString("hex")}`;
  const { status } = await api.call("putVideoChannel", { params: { channel_id }, body: { ...CHANNEL, ...fields } });
  expect(status).toBe(200);
  return channel_id;
}

export async function makeTask(api: TestApi, channel_id: string, over: JsonObject = {}) {
  const body = { channel_id, title: "Bees", topic: "How bees find home", story_direction: "calm", ...over };
  const { status, body: task } = await api.call("createTask", { body });
  expect(status, JSON.stringify(task)).toBe(201);
  return task;
}

/** Takes the task's job as a worker would, and leaves it at the gate after this step. */
export async function parkAfter(api: TestApi, jobId: string, step: VideoStep, gate: string | GateRequest) {
  const place = placeOf(spec, step);
  const next = place && placeAfter(spec, place);
  if (next === undefined) throw new Error(`nothing comes after ${step}`);
  await api.settle(jobId, parkForReview(gateOf(gate), next, { output: {}, warnings: [] }));
}

/** Not tried again. */
export const FAILURE = { code: "MEDIA_REFUSED", message: "it will not be drawn", stage: "assets" } as const;
