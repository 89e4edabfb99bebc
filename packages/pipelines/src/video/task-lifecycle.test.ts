import { describe, expect, test } from "vitest";
import { canMove, TASK_STATUSES, type TaskStatus, taskLifecycle, VIDEO_STEPS } from "./task-lifecycle.ts";

/** C-Q01, written out by hand: what is not here must be refused. */
const ALLOWED: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  draft: ["queued"],
  queued: ["claimed", "draft"],
  claimed: [
    "generating_assets",
    "generating_composites",
    "generating_video",
    "generating_audio",
    "generating_sfx",
    "assembling",
    "uploading",
    "queued",
  ],
  generating_assets: ["assets_ready", "asset_error", "queued"],
  assets_ready: ["assets_approved", "asset_error"],
  assets_approved: ["generating_composites", "queued"],
  generating_composites: ["composites_ready", "asset_error", "queued"],
  composites_ready: ["generating_video", "queued"],
  generating_video: ["video_ready", "video_error", "queued"],
  video_ready: ["video_approved", "video_error"],
  video_approved: ["generating_audio", "queued"],
  generating_audio: ["audio_ready", "audio_error", "queued"],
  audio_ready: ["audio_approved", "audio_error"],
  audio_approved: ["generating_sfx", "queued"],
  generating_sfx: ["sfx_ready", "audio_error", "queued"],
  sfx_ready: ["assembling", "queued"],
  assembling: ["assembly_ready", "video_error", "queued"],
  assembly_ready: ["final_review"],
  final_review: ["approved", "asset_error", "video_error", "audio_error"],
  approved: ["uploading", "queued"],
  uploading: ["published", "upload_error", "approved"],
  published: ["queued"],
  asset_error: ["generating_assets", "generating_composites", "queued"],
  video_error: ["generating_video", "assembling", "queued"],
  audio_error: ["generating_audio", "generating_sfx", "queued"],
  upload_error: ["uploading", "final_review", "queued"],
};

describe("task lifecycle", () => {
  test("C-S10 C-S14 C-Q02 exactly 26 states in this order", () => {
    expect(TASK_STATUSES).toEqual([
      ...["draft", "queued", "claimed", "generating_assets", "assets_ready", "assets_approved"],
      ...["generating_composites", "composites_ready", "generating_video", "video_ready", "video_approved"],
      ...["generating_audio", "audio_ready", "audio_approved", "generating_sfx", "sfx_ready", "assembling"],
      ...["assembly_ready", "final_review", "approved", "uploading", "published"],
      ...["asset_error", "video_error", "audio_error", "upload_error"],
    ]);
    expect(TASK_STATUSES).toHaveLength(26);
  });

  test("C-S12 C-S13 C-Q01 C-Q03 each of the 26 × 26 changes is allowed as the table says, and no other", () => {
    let seen = 0;
    for (const from of TASK_STATUSES) {
      for (const to of TASK_STATUSES) {
        seen += 1;
        expect(canMove(from, to), `${from} → ${to}`).toBe(ALLOWED[from].includes(to));
      }
    }
    expect(seen).toBe(676);
  });

  test("an event leads to one state from each", () => {
    const arrows = taskLifecycle.transitions.flatMap((t) => t.from.map((from) => `${t.event} from ${from}`));
    expect(arrows).toEqual([...new Set(arrows)]);
  });

  test("C-S11 every state is reached from a draft, and published from every one of them", () => {
    const reachable = (start: TaskStatus) => {
      const found = new Set<TaskStatus>([start]);
      // a Set grows while it is walked
      for (const from of found) for (const to of TASK_STATUSES) if (canMove(from, to)) found.add(to);
      return found;
    };
    expect(reachable("draft")).toEqual(new Set(TASK_STATUSES));
    for (const status of TASK_STATUSES) expect(reachable(status), status).toContain("published");
  });

  test("C-Q05 a claim resumes at every step", () => {
    expect(VIDEO_STEPS.map((step) => `start_${step}`)).toEqual(
      taskLifecycle.transitions.filter(({ from }) => from.includes("claimed") && from.length === 1).map((t) => t.event),
    );
  });
});
