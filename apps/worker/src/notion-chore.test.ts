import { retryLater } from "@millrace/core";
import { labelOf, SYNC_ASKED, TASK_STATUSES } from "@millrace/pipelines";
import { type FakeNotionPage, notionProperties, repliesWith, until } from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BoardUnderTest, logOf, PERSON, startBoard, statusOf, textOf } from "./notion.fixture.ts";
import { notionChore } from "./notion-chore.ts";

let board: BoardUnderTest;
beforeAll(async () => {
  board = await startBoard();
});
afterAll(() => board.close());

const BY = `notion:${PERSON.replaceAll("-", "")}`;

async function queued(over: Parameters<BoardUnderTest["addPage"]>[0] = {}): Promise<FakeNotionPage> {
  const page = board.addPage(over);
  board.choose(page, "Queued");
  await board.round();
  expect((await board.taskOf(page)).status).toBe("queued");
  return page;
}

async function hopsOf(page: FakeNotionPage) {
  const hops = await board.tasks.listTransitions((await board.taskOf(page)).id);
  return hops.map(({ toStatus, actor }) => [toStatus, actor]);
}

/** A board in step: a round asks for the list and nothing else. */
async function expectQuiet(): Promise<void> {
  const before = board.notion.requests.length;
  expect(await board.round()).toEqual({ written: 0, failed: 0 });
  expect(board.notion.requests.slice(before).filter(({ path }) => path.includes("/pages/"))).toEqual([]);
}

describe("what people want by a page (C2.5)", () => {
  it("C-Q21 a page that is set to Queued becomes a task that waits for its turn; the page says so once", async () => {
    const page = await queued({ title: "The owl", priority: "High" });
    const task = await board.taskOf(page);
    expect(task).toMatchObject({
      title: "The owl",
      topic: "Foxes",
      storyDirection: "Begin at night",
      priority: "high",
    });
    expect(await hopsOf(page)).toEqual([
      ["draft", BY],
      ["queued", BY],
    ]);
    expect(task.job).toMatchObject({ status: "pending", stage: "assets" });
    expect([statusOf(page), logOf(page)]).toEqual(["Queued", ""]);
    await expectQuiet();
  });

  it("a page that is set back to Draft while it waits is taken out of the line; queued again it says what it says then", async () => {
    const page = await queued();
    board.choose(page, "Draft");
    await board.round();
    expect(await board.taskOf(page)).toMatchObject({ status: "draft", cancelReason: "set to Draft in Notion" });
    Object.assign(page.properties, notionProperties({ title: "The red fox" }));
    board.choose(page, "Queued");
    await board.round();
    expect(await board.taskOf(page)).toMatchObject({ status: "queued", title: "The red fox", runNo: 2 });
    await expectQuiet();
  });

  it("an entry that cannot be queued stays in Draft and says why, once for as long as it stays so", async () => {
    const page = board.addPage({ title: "", topic: " ", channel: "Nobody's" });
    for (let time = 0; time < 2; time++) {
      board.choose(page, "Queued");
      await board.round();
      expect(statusOf(page)).toBe("Draft");
    }
    expect(logOf(page)).toMatch(
      /^\[[^\]]*\] Millrace: Title is missing; Topic is missing; Channel "Nobody's" is not known here$/,
    );
    await expectQuiet();
    expect(await board.tasks.findTaskOfPage(page.id.replaceAll("-", ""), null)).toBeUndefined();
  });

  it("C-Q23 an approval is two hops in one go, by whoever chose it", async () => {
    const page = await queued();
    await board.makeUpTo(page, "assets");
    await board.round();
    expect(statusOf(page)).toBe("Assets Ready");
    board.choose(page, "Assets Approved");
    await board.round();
    expect((await hopsOf(page)).slice(-3)).toEqual([
      ["assets_ready", "worker-1"],
      ["assets_approved", BY],
      ["queued", "system"],
    ]);
    expect(statusOf(page)).toBe("Queued");
    await expectQuiet();
  });

  it("a rejection makes the clips anew that its reason names, and needs a reason", async () => {
    const page = await queued();
    await board.makeUpTo(page, "video");
    await board.round();
    board.choose(page, "Video Error");
    await board.round();
    expect([(await board.taskOf(page)).status, statusOf(page)]).toEqual(["video_ready", "Video Ready"]);
    expect(logOf(page)).toContain("A rejection needs its reason in Error Log");

    board.choose(page, "Video Error", "clip 3 is dark, clips 5-6 shake");
    await board.round();
    const task = await board.taskOf(page);
    expect(task).toMatchObject({ status: "video_error", errorStep: "video", errorCode: "REVIEW_REJECTED" });
    const [review] = await board.sql<{ comment: string; details: unknown; decided_by: string }>(
      "select comment, details, decided_by from reviews where job_id = $1::uuid",
      [task.job?.id ?? ""],
    );
    expect(review).toEqual({
      comment: "clip 3 is dark, clips 5-6 shake",
      details: { step: "video", clips: [3, 5, 6] },
      decided_by: BY,
    });
    expect(statusOf(page)).toBe("Video Error");
    expect(logOf(page)).toContain("clip 3 is dark");
    await expectQuiet();

    board.choose(page, "Generating Video");
    await board.round();
    expect(await board.taskOf(page)).toMatchObject({ status: "queued", job: { stage: "video" }, runNo: 2 });
  });

  it("notes that were written while a task waited are the reason of a rejection that comes later", async () => {
    const page = await queued();
    await board.makeUpTo(page, "audio");
    await board.round();
    board.choose(page, "Audio Ready", "the voice is too fast");
    await board.round();
    Object.assign(page.properties, notionProperties({ selects: { Priority: "Low" } }));
    board.choose(page, "Audio Ready");
    await board.round();
    board.choose(page, "Audio Error");
    await board.round();
    expect(await board.taskOf(page)).toMatchObject({ status: "audio_error", priority: "low" });
  });

  it("a gate that asks for two people counts each once, and says how many have approved", async () => {
    const page = await queued();
    await board.makeUpTo(page, "assets", { approvals: 2 });
    await board.round();
    board.choose(page, "Assets Approved");
    await board.round();
    expect([(await board.taskOf(page)).status, statusOf(page)]).toEqual(["assets_ready", "Assets Ready"]);
    expect(logOf(page)).toContain("Approved by 1 of 2");
    board.choose(page, "Assets Approved");
    page.editedBy = "22222222-2222-3333-4444-555555555555";
    await board.round();
    expect((await board.taskOf(page)).status).toBe("queued");
  });

  it("a gate for people with a role is not opened from Notion", async () => {
    const page = await queued();
    await board.makeUpTo(page, "final", { roles: ["editor"] });
    board.choose(page, "Final Review");
    await board.round();
    board.choose(page, "Approved");
    await board.round();
    expect([(await board.taskOf(page)).status, statusOf(page)]).toEqual(["final_review", "Final Review"]);
    expect(logOf(page)).toContain("people with a role");
  });

  it("what cannot be chosen by hand goes back, with a word", async () => {
    const page = await queued();
    board.choose(page, "Published");
    await board.round();
    expect(statusOf(page)).toBe("Queued");
    expect(logOf(page)).toMatch(/Millrace: Queued cannot be changed to Published by hand$/);
    await expectQuiet();
  });

  it("C-Q20 a priority holds whichever side changes it", async () => {
    const page = await queued({ priority: "Low" });
    Object.assign(page.properties, notionProperties({ selects: { Priority: "High" } }));
    board.choose(page, "Queued");
    await board.round();
    const task = await board.taskOf(page);
    expect(task.priority).toBe("high");
    expect(await board.sql("select priority from pipeline_jobs where id = $1::uuid", [task.job?.id ?? ""])).toEqual([
      { priority: "high" },
    ]);
    await board.tasks.updateTask(task.id, null, { priority: "normal" });
    await board.round();
    expect(textOf(page, "Priority")).toBe("Normal");
    await expectQuiet();
  });

  it("20 pages set to Queued at once are all queued, in fewer requests than Notion takes in a minute", async () => {
    const pages = Array.from({ length: 20 }, (_, i) => board.addPage({ title: `Animal ${i}` }));
    for (const page of pages) board.choose(page, "Queued");
    const before = board.notion.requests.length;
    await board.round();
    expect(await Promise.all(pages.map(async (page) => (await board.taskOf(page)).status))).toEqual(
      pages.map(() => "queued"),
    );
    expect(board.notion.requests.length - before).toBeLessThanOrEqual(3 * 60);
  });
});

describe("what a task has to say on its page", () => {
  it("C-Q21 every status is shown by its label, and read back as the same", async () => {
    const page = await queued();
    const { id } = await board.taskOf(page);
    for (const status of TASK_STATUSES) {
      await board.sql("update tasks set status = $2::task_status where id = $1::uuid", [id, status]);
      await board.round();
      expect(statusOf(page)).toBe(labelOf(status));
      expect((await board.taskOf(page)).status).toBe(status);
    }
    await expectQuiet();
  });

  it("C-Q19 errors and the address of the video are added, notes stay, a line somebody removed stays away", async () => {
    const page = await queued();
    board.choose(page, "Queued", "my own note");
    await board.settle(page, () =>
      retryLater(60_000, { code: "MEDIA_PROVIDER_FAILED", message: "no image", stage: "assets" }),
    );
    await board.round();
    expect(statusOf(page)).toBe("Generating Assets");
    expect(logOf(page)).toMatch(/^my own note\n\[.*\] Millrace: assets: no image \(MEDIA_PROVIDER_FAILED/);
    Object.assign(page.properties, notionProperties({ texts: { "Error Log": "my own note" } }));
    const { id } = await board.taskOf(page);
    await board.tasks.updateTask(id, null, { youtubeUrl: "https://youtu.be/abc", errorLog: "a word from the console" });
    await board.round();
    expect(textOf(page, "YouTube URL")).toBe("https://youtu.be/abc");
    expect(logOf(page)).toMatch(/^my own note\n\[[^\]]*\] Millrace: a word from the console$/);
    await expectQuiet();
  });

  it("a page that is in the trash is left alone", async () => {
    const page = await queued();
    page.isGone = true;
    const { id, ownerId } = await board.taskOf(page);
    await board.actions.unqueue({ taskId: id, ownerId, by: "key:1" });
    expect(await board.round()).toEqual({ written: 0, failed: 0 });
    await expectQuiet();
  });
});

describe("what Notion tells by itself", () => {
  const eventOf = (page: FakeNotionPage | null, eventId: string) => ({
    eventId,
    type: "page.properties_updated",
    pageId: page?.id.replaceAll("-", "") ?? null,
    payload: {},
  });
  const waiting = async () => (await board.tasks.waitingNotionEvents(100)).length;

  it("an event is kept once, and its page alone is looked at", async () => {
    const page = board.addPage();
    await board.round();
    // an edit that the list of edited pages would not show
    Object.assign(page.properties, notionProperties({ selects: { Status: "Queued" } }));
    expect(await board.tasks.keepNotionEvent(eventOf(page, "event-1"))).toBe(true);
    expect(await board.tasks.keepNotionEvent(eventOf(page, "event-1"))).toBe(false);
    expect(await board.tasks.keepNotionEvent(eventOf(page, "event-2"))).toBe(true);
    await board.tasks.keepNotionEvent(eventOf(null, "event-3"));
    const before = board.notion.requests.length;
    await board.round();
    expect((await board.taskOf(page)).runNo).toBe(1);
    const writes = board.notion.requests
      .slice(before)
      .filter(({ method, path }) => method === "PATCH" && path.includes("/pages/"));
    expect([writes.length, await waiting()]).toEqual([0, 0]);
  });

  it("an operator's wish that everything be read finds what no list of edits shows", async () => {
    const page = board.addPage();
    await board.round();
    Object.assign(page.properties, notionProperties({ selects: { Status: "Queued" } }));
    page.editedAt = "2020-01-01T00:00:00.000Z";
    await board.round();
    expect(statusOf(page)).toBe("Queued");
    expect(await board.tasks.findTaskOfPage(page.id.replaceAll("-", ""), null)).toBeUndefined();
    await board.tasks.keepNotionEvent({ eventId: "sync-1", type: SYNC_ASKED, pageId: null, payload: {} });
    await board.round();
    expect((await board.taskOf(page)).status).toBe("queued");
    expect(await board.tasks.latestNotionEvents(SYNC_ASKED, 1)).toMatchObject([
      { eventId: "sync-1", handledAt: expect.any(Date), error: null },
    ]);
  });

  it("events that were handled a month ago are forgotten, those that wait are not", async () => {
    for (const id of ["old", "young", "waiting"]) await board.tasks.keepNotionEvent(eventOf(null, id));
    const at = (id: string, days: number) =>
      board.sql("update notion_events set handled_at = now() - $2::int * interval '1 day' where event_id = $1", [
        id,
        days,
      ]);
    await at("old", 31);
    await at("young", 29);
    board.clock.advance(3_600_000);
    await board.round();
    const left = await board.sql<{ event_id: string }>("select event_id from notion_events");
    const ids = left.map((row) => row.event_id);
    expect([ids.includes("old"), ids.includes("young"), ids.includes("waiting")]).toEqual([false, true, true]);
  });

  it("an event of a page nobody here can read is done with", async () => {
    await board.tasks.keepNotionEvent({ ...eventOf(null, "event-4"), pageId: "f".repeat(32) });
    await board.round();
    expect(await waiting()).toBe(0);
  });
});

describe("a Notion in trouble", () => {
  it("is tried again, and holds up nothing: the task goes on meanwhile", async () => {
    const page = await queued();
    await board.claim(page);
    board.notion.interrupt(
      /^\/v1\//,
      ...Array.from({ length: 3 }, () => repliesWith(503, { code: "service_unavailable" })),
    );
    expect((await board.round()).failed).toBe(1);
    expect([(await board.taskOf(page)).status, statusOf(page)]).toEqual(["generating_assets", "Queued"]);
    expect(board.logs.lines.map(({ message }) => message)).toContain("notion: not in step");
    await board.round();
    expect(statusOf(page)).toBe("Generating Assets");
    await expectQuiet();
  });

  it("what it wrote without an answer is not taken for what a person wants", async () => {
    const page = await queued();
    await board.claim(page);
    board.loseAnswers(1);
    expect((await board.round()).failed).toBe(1);
    expect(statusOf(page)).toBe("Generating Assets");
    const { id } = await board.taskOf(page);
    await board.sql("update tasks set status = 'assets_ready' where id = $1::uuid", [id]);
    await board.round();
    expect([statusOf(page), logOf(page)]).toEqual(["Assets Ready", ""]);
    await expectQuiet();
  });

  it("a page that takes nothing holds up no other page", async () => {
    const [stuck, free] = [await queued(), await queued()];
    board.notion.interrupt(
      new RegExp(`^/v1/pages/${stuck.id.replaceAll("-", "-?")}$`),
      repliesWith(400, { object: "error", status: 400, code: "validation_error", message: "no such option" }),
    );
    for (const page of [stuck, free]) await board.claim(page);
    expect((await board.round()).failed).toBe(1);
    expect([statusOf(stuck), statusOf(free)]).toEqual(["Queued", "Generating Assets"]);
    await board.round();
    expect(statusOf(stuck)).toBe("Generating Assets");
  });

  it("the leader's chore ends without a word when its process stops", async () => {
    const stopping = new AbortController();
    let begun = false;
    const chore = notionChore(() => ({
      round: (signal) =>
        new Promise((_resolve, reject) => {
          begun = true;
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    }));
    const running = chore.run(stopping.signal);
    await until(() => begun);
    stopping.abort();
    await running;
    await expect(
      notionChore(() => ({ round: () => Promise.reject(new Error("Postgres is away")) })).run(
        new AbortController().signal,
      ),
    ).rejects.toThrow("Postgres is away");
  });
});
