import { createClient } from "@millrace/client";
import type { NewJob } from "@millrace/core";
import { newId } from "@millrace/db";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../test-api.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const accept = async (over: Partial<NewJob> = {}): Promise<string> => {
  const id = newId();
  await api.store.submit({
    id,
    ownerId: api.ownerId,
    pipeline: "sample",
    pipelineVersion: "1.0.0",
    resourceKey: `sample:${id}`,
    stage: "one",
    lane: "cpu",
    stageIndex: 0,
    stageCount: 2,
    priority: "normal",
    channelId: api.ownerId,
    dataTier: "compact",
    maxRetries: 1,
    input: {},
    metadata: {},
    idempotencyKey: null,
    traceparent: null,
    isDispatched: false,
    content: null,
    ...over,
  });
  return id;
};
const why = async (id: string) => {
  const { status, body } = await api.call("explainJob", { params: { id } });
  expect(status).toBe(200);
  return body;
};
const codes = (body: { blockers: { code: string }[] }): string[] => body.blockers.map(({ code }) => code);

describe("GET /jobs/{id}/why (C-Q06, C-Q08)", () => {
  it("tells a waiting job's place behind higher priorities, other channels and its own, with the lane's limits", async () => {
    const channelId = newId();
    const ids: string[] = [];
    for (const over of [{ priority: "high" }, {}, { channelId }, { channelId }] as const) ids.push(await accept(over));
    const last = ids[3]!;
    expect(await why(last)).toMatchObject({
      job_id: last,
      status: "pending",
      state: "waiting",
      lane: "cpu",
      priority: "normal",
      channel_id: channelId,
      position: 2,
      picks_before: 3,
      expected_at: null,
    });
    const line = ["higher_priorities", "other_channels", "own_channel"];
    expect(codes(await why(last))).toEqual(["no_leader", ...line]);
    await api.store.acquireLeadership("leader", "somebody", 60_000);
    await api.store.changeLane("cpu", { isPaused: true });
    expect(codes(await why(last))).toEqual(["lane_paused", ...line]);
    await api.store.changeLane("cpu", { isPaused: false });
    const client = createClient({ apiUrl: api.url, apiKey: api.keys.own });
    expect(codes(await client.why(last))).toEqual(line);
    expect((await client.why(ids[0]!)).blockers).toEqual([]);
  });

  it("says of a dispatched job what the queue knows of its ticket, and of a finished one nothing", async () => {
    const id = await accept({ isDispatched: true, lane: "io" });
    expect(await why(id)).toMatchObject({
      state: "dispatched",
      position: null,
      blockers: [{ code: "ticket_missing" }],
    });
    await api.finish(id, 1);
    expect(await why(id)).toMatchObject({ state: "over", status: "completed", blockers: [] });
  });

  it("C-Q13 tells what is left of the quota a waiting job takes", async () => {
    // what YouTube grants a project in a day, unless somebody sets another limit
    const id = await accept({ quota: { service: "youtube", pool: newId(), units: 10_001 } });
    const [blocker] = (await why(id)).blockers.filter(({ code }: { code: string }) => code === "quota_exhausted");
    expect(blocker?.details).toMatchObject({ units: 10_001, used: 0, reserved: 0, limit: 10_000 });
  });

  it("knows what Postgres knows while the queue is away", async () => {
    const id = await accept({ lane: "media" });
    await api.redis.set("refuse");
    try {
      expect(codes(await why(id))).toContain("queue_unreachable");
    } finally {
      await api.redis.set("pass");
    }
  });
});
