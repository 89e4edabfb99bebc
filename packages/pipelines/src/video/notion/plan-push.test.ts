import { createNotion, createOutboundFetch } from "@millrace/providers";
import { type FakeNotion, notionProperties, startFakeNotion } from "@millrace/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type BoardState, planPush } from "./plan-push.ts";
import { readPage } from "./read-page.ts";

let fake: FakeNotion;
beforeAll(async () => {
  fake = await startFakeNotion();
});
afterAll(() => fake.stop());

const state: BoardState = {
  status: "published",
  log: [{ at: new Date("2026-03-01T10:00:00.000Z"), message: "upload: no answer" }],
  youtubeUrl: "https://youtube.com/watch?v=abc",
  priority: null,
};

/** The adapter over the wire, and a page of a board. */
function board(status: string, log = "") {
  const fetch = createOutboundFetch({ userAgent: "test", allowLoopback: true });
  const { id } = fake.addPage(
    notionProperties({
      title: "The fox",
      texts: { Topic: "Foxes", "Error Log": log },
      selects: { Status: status, Channel: "Nature", Priority: "High" },
      urls: { "YouTube URL": null },
    }),
  );
  return { id, notion: createNotion({ fetch, token: fake.token, baseUrl: fake.url }) };
}

it("C2.5 C-Q19 writes status, log and address, keeps people's notes, and has nothing to write then", async () => {
  const { id, notion } = board("Uploading", "my own note");
  const page = await notion.update(id, planPush(state, await notion.page(id)));
  const channels = [{ id: "c-1", names: ["Nature"], priority: "low", isActive: true }] as const;
  expect(readPage(page, channels)).toMatchObject({
    status: "published",
    priority: "high",
    errorLog: "my own note\n[2026-03-01T10:00:00.000Z] Millrace: upload: no answer",
    task: { fields: { title: "The fox", topic: "Foxes" } },
  });
  expect(page.properties["YouTube URL"]?.text).toBe(state.youtubeUrl);
  expect(planPush(state, page)).toEqual([]);
});

it("C-Q21 leaves a label that means the same", async () => {
  const { id, notion } = board("Live");
  const page = await notion.page(id);
  expect(planPush({ ...state, log: [], youtubeUrl: null }, page)).toEqual([]);
});

it("C2.5 puts back a label nobody knows, and leaves out columns the board does not have", async () => {
  const { id, notion } = board("Parked");
  const { "Error Log": _log, "YouTube URL": _url, ...properties } = (await notion.page(id)).properties;
  const page = { ...(await notion.page(id)), properties };
  expect(planPush(state, page)).toEqual([{ property: "Status", kind: "select", text: "Published" }]);
});

it("C-Q20 writes a priority that is another one here, and leaves alone what means the same", async () => {
  const { id, notion } = board("Published");
  const page = await notion.page(id);
  const plan = (priority: BoardState["priority"]) => planPush({ ...state, log: [], youtubeUrl: null, priority }, page);
  expect(plan("low")).toEqual([{ property: "Priority", kind: "select", text: "Low" }]);
  expect([plan("high"), plan(null)]).toEqual([[], []]);
});
