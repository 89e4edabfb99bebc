import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canMove, TASK_STATUSES, type TaskStatus } from "../task-lifecycle.ts";
import { type BoardTask, readIntent, readPriority } from "./read-intent.ts";
import type { BoardEntry, TaskFields } from "./read-page.ts";

const fields: TaskFields = {
  channelId: "c-1",
  notionPageId: "a".repeat(32),
  title: "The fox",
  topic: "Foxes",
  storyDirection: "",
  priority: "normal",
};
const entryOf = (status: TaskStatus | undefined, more: Partial<BoardEntry> = {}): BoardEntry => ({
  pageId: fields.notionPageId,
  status,
  priority: "normal",
  errorLog: "",
  task: { fields },
  ...more,
});
const taskOf = (status: TaskStatus, seen: Partial<BoardTask["seen"]> = {}): BoardTask => ({
  status,
  clipCount: 18,
  seen: { status, priority: "normal", errorLog: "", ...seen },
});

describe("what a person wants", () => {
  it("C2.5 Queued queues a fit draft, also one seen for the first time", () => {
    expect(readIntent(taskOf("draft"), entryOf("queued"))).toEqual({ kind: "queue", fields });
    expect(readIntent(null, entryOf("queued"))).toEqual({ kind: "queue", fields });
  });

  it("C2.5 an unfit entry is refused with every reason", () => {
    const unfit = entryOf("queued", { task: { problems: ["Title is missing", "Topic is missing"] } });
    const reasons = ["Title is missing", "Topic is missing"];
    expect(readIntent(null, unfit)).toEqual({ kind: "refused", reasons });
    expect(readIntent(taskOf("draft"), unfit)).toEqual({ kind: "refused", reasons });
  });

  it("a page without a task means nothing else, whatever its status", () => {
    for (const status of TASK_STATUSES.filter((each) => each !== "queued")) {
      expect(readIntent(null, entryOf(status))).toEqual({ kind: "none" });
    }
  });

  it.each([
    ["assets_ready", "assets_approved", "assets"],
    ["video_ready", "video_approved", "video"],
    ["audio_ready", "audio_approved", "audio"],
    ["final_review", "approved", "final"],
  ] as const)("C2.4 C2.5 approves: %s → %s", (from, to, gate) => {
    expect(readIntent(taskOf(from), entryOf(to))).toEqual({ kind: "approve", gate });
  });

  it.each([
    ["assets_ready", "asset_error", "assets", "assets", null],
    ["video_ready", "video_error", "video", "video", [3, 5]],
    ["audio_ready", "audio_error", "audio", "audio", [3, 5]],
    ["final_review", "asset_error", "final", "assets", null],
    ["final_review", "video_error", "final", "video", [3, 5]],
    ["final_review", "audio_error", "final", "audio", [3, 5]],
  ] as const)("C2.4 rejects with reason and clips: %s → %s", (from, to, gate, step, clips) => {
    const errorLog = "old note\nclips 3 and 5 are dark";
    const task = taskOf(from, { errorLog: "old note" });
    const reason = "clips 3 and 5 are dark";
    expect(readIntent(task, entryOf(to, { errorLog }))).toEqual({ kind: "reject", gate, step, reason, clips });
  });

  it("C2.4 a rejection that names no clip is about all of them", () => {
    const intent = readIntent(taskOf("video_ready"), entryOf("video_error", { errorLog: "too dark" }));
    expect(intent).toMatchObject({ kind: "reject", clips: null });
  });

  it("C2.4 a rejection without a new reason, or of a clip there is not, is refused", () => {
    const task = taskOf("video_ready", { errorLog: "too dark" });
    const silent = readIntent(task, entryOf("video_error", { errorLog: "too dark" }));
    expect(silent).toEqual({ kind: "refused", reasons: [expect.stringContaining("Error Log")] });
    const strange = readIntent(task, entryOf("video_error", { errorLog: "too dark\nclip 19" }));
    expect(strange).toEqual({ kind: "refused", reasons: ["There is no clip 19: they are 1 to 18"] });
  });

  it.each([
    ["asset_error", "queued", null],
    ["asset_error", "generating_composites", "composites"],
    ["video_error", "assembling", "assembly"],
    ["upload_error", "uploading", "upload"],
  ] as const)("C-Q03 retries: %s → %s", (from, to, step) => {
    expect(readIntent(taskOf(from), entryOf(to))).toEqual({ kind: "retry", step });
  });

  it("takes back what is queued, and reviews again what was not uploaded", () => {
    expect(readIntent(taskOf("queued"), entryOf("draft"))).toEqual({ kind: "unqueue" });
    expect(readIntent(taskOf("upload_error"), entryOf("final_review"))).toEqual({ kind: "review_again" });
  });

  it("C2.5 wants nothing where the page says what it said before, or what is so already", () => {
    const status = fc.constantFrom(...TASK_STATUSES);
    fc.assert(
      fc.property(status, status, (now, seen) => {
        expect(readIntent(taskOf(now, { status: seen }), entryOf(seen))).toEqual({ kind: "none" });
        expect(readIntent(taskOf(now, { status: seen }), entryOf(now))).toEqual({ kind: "none" });
      }),
    );
  });

  it("C2.5 never asks for a change the lifecycle does not have, and says why", () => {
    for (const from of TASK_STATUSES) {
      for (const to of TASK_STATUSES.filter((each) => each !== from)) {
        const intent = readIntent(taskOf(from), entryOf(to, { errorLog: "a reason" }));
        expect(intent.kind, `${from} → ${to}`).not.toBe("none");
        if (!canMove(from, to)) expect(intent.kind, `${from} → ${to}`).toBe("refused");
      }
    }
    expect(readIntent(taskOf("claimed"), entryOf("published"))).toEqual({
      kind: "refused",
      reasons: ["Claimed cannot be changed to Published by hand"],
    });
    expect(readIntent(taskOf("published"), entryOf("queued")).kind).toBe("refused");
    expect(readIntent(taskOf("draft"), entryOf(undefined)).kind).toBe("refused");
  });

  it("C2.5 reads a priority that was chosen since, and no other", () => {
    expect(readPriority(taskOf("queued"), entryOf("queued", { priority: "high" }))).toBe("high");
    expect(readPriority(taskOf("queued"), entryOf("queued"))).toBeUndefined();
    expect(readPriority(taskOf("queued"), entryOf("queued", { priority: undefined }))).toBeUndefined();
  });
});
