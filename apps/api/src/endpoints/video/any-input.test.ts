import type { RouteId } from "@millrace/contracts";
import type { JsonObject } from "@millrace/core";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../../test-api.fixture.ts";
import { makeChannel, makeTask } from "./video.fixture.ts";

let api: TestApi;
let channel: string;
let draftId: string;
let queuedId: string;
beforeAll(async () => {
  api = await startTestApi();
  channel = await makeChannel(api);
  draftId = (await makeTask(api, channel)).id;
  queuedId = (await makeTask(api, channel, { queue: true })).id;
});
afterAll(() => api.close());

const RUNS = 50;

const oddText = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.constantFrom("", " ", "\0", "\ud800", "../x", "https://e.org", "x".repeat(600), "queued", "draft", "published"),
);
/** Any JSON at all, texts with NULs and half characters among it. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }),
  oddText,
  fc.array(oddText, { maxLength: 3 }),
  fc.constantFrom(1e308, -0, null, true),
);

/** Something near enough to a good body to get past its first checks. */
function near(good: JsonObject): fc.Arbitrary<Record<string, unknown>> {
  const names = fc.constantFrom(...Object.keys(good), "__proto__", "constructor", "x");
  return fc
    .array(fc.tuple(names, anything), { maxLength: 3 })
    .map((changes) => Object.fromEntries([...Object.entries(good), ...changes]));
}

/** Refused with the name of a field, or taken; never an error of ours. */
function judge({ status, body }: { status: number; body: { errors?: { field: string }[] } }): void {
  expect(status, JSON.stringify(body)).toBeLessThan(500);
  if (status === 400) expect(body.errors?.length).toBeGreaterThan(0);
}

const TEXTS = {
  title: "T",
  topic: "t",
  story_direction: "s",
  priority: "low",
  narration_scripts: ["a"],
  sfx_descriptions: ["b"],
  privacy: "public",
};
const CHANGE = { ...TEXTS, error_log: "e", youtube_url: "https://youtu.be/x" };
const REVIEW = { decision: "rejected", comment: "c", clips: [1], units: ["07"], step: "video" };
const FIELDS = {
  channel_id: "odd",
  channel_name: "Odd",
  notion_database_id: null,
  gates: { video: { approvals: 2 } },
  scale: { clips: 3 },
  branding: { intro: "a.mp4" },
  tags: ["a"],
  weight: 2,
};

it.each<[string, RouteId, JsonObject, () => Record<string, string>]>([
  ["POST /tasks", "createTask", { ...TEXTS, channel_id: "c", notion_page_id: null, queue: false }, () => ({})],
  ["PATCH of a draft", "updateTask", CHANGE, () => ({ id: draftId })],
  ["PATCH of a queued task", "updateTask", { ...CHANGE, status: "queued" }, () => ({ id: queuedId })],
  ["POST /tasks/queue", "queueTasks", { ids: ["0f8fad5b-d9cb-469f-a165-70867728950e"] }, () => ({})],
  [
    "POST /tasks/reviews",
    "reviewTasks",
    { ids: ["0f8fad5b-d9cb-469f-a165-70867728950e"], decision: "approved" },
    () => ({}),
  ],
  ["a review", "reviewTask", REVIEW, () => ({ id: queuedId, gate: "video" })],
  ["a link", "createTaskFileLink", { step: "video", unit: "07", expires_in_hours: 1 }, () => ({ id: draftId })],
  ["a retry", "retryTask", { step: "video" }, () => ({ id: draftId })],
  ["a cancel", "cancelTask", { reason: "r" }, () => ({ id: draftId })],
  ["PUT of a channel", "putVideoChannel", FIELDS, () => ({ channel_id: "odd" })],
  ["PUT of a credential", "putVideoChannelCredential", { value: "v" }, () => ({ channel_id: channel, name: "token" })],
])("%s never fails on what it is sent", async (_name, route, good, params) => {
  await fc.assert(
    fc.asyncProperty(near(good), async (body) =>
      judge(await api.call(route, { params: params(), body: body as JsonObject })),
    ),
    { numRuns: RUNS },
  );
});

it.each<[RouteId, readonly string[]]>([
  ["listTasks", ["status", "channel", "priority", "limit", "cursor", "x"]],
  ["countTasks", ["channel", "x"]],
  ["readCosts", ["from", "to", "by", "channel"]],
  ["listLibrary", ["limit", "cursor"]],
])("%s takes or refuses any question", async (route, names) => {
  const query = fc.dictionary(
    fc.constantFrom(...names),
    fc.oneof(oddText, fc.constantFrom("1", "WzFd", "2026-01-01", "0000-01-01", "9999-12-31T23:59:59Z", "day")),
    { maxKeys: 3 },
  );
  await fc.assert(
    fc.asyncProperty(query, async (given) => judge(await api.call(route, { query: given }))),
    { numRuns: RUNS },
  );
});

it("no address makes it fail", async () => {
  const paths = fc.tuple(
    fc.constantFrom(
      "tasks",
      `tasks/${draftId}/units/video`,
      `tasks/${draftId}/units`,
      "video/channels",
      "library",
      "files",
    ),
    oddText.map((text) => encodeURIComponent(Buffer.from(text).toString())),
  );
  await fc.assert(
    fc.asyncProperty(paths, async ([before, last]) => {
      const headers = { authorization: `Bearer ${api.keys.own}` };
      const { status } = await api.fetch(`/api/v1/${before}/${last}`, { headers });
      expect(status).toBeLessThan(500);
    }),
    { numRuns: 2 * RUNS },
  );
});
