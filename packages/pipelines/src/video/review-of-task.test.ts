import { describe, expect, it } from "vitest";
import type { VideoInput } from "./input.ts";
import { checkReview, errorAfter, type TaskReview } from "./review-of-task.ts";

const input: VideoInput = {
  task_id: "0f8fad5b-d9cb-469f-a165-70867728950e",
  channel_id: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  quota_pool: "nature",
  scale: { assets: 22, clips: 18, seconds: 90 },
  from_step: "assets",
};
const rejection = (over: Partial<TaskReview>): TaskReview => ({
  gate: "video",
  decision: "rejected",
  comment: "too dark",
  ...over,
});
const check = (over: Partial<TaskReview>) => checkReview(rejection(over), input);

describe("a review of a task (C2.4)", () => {
  it.each<[string, Partial<TaskReview>, object | null]>([
    ["the whole step of its gate", {}, null],
    ["some clips, each once and in order", { clips: [7, 3, 7] }, { clips: [3, 7] }],
    ["clips of the sounds", { gate: "audio", clips: [18] }, { clips: [18] }],
    ["units", { gate: "assets", units: ["characters/01"] }, { units: ["characters/01"] }],
    ["at the last gate a step", { gate: "final", step: "assembly" }, { step: "assembly" }],
    ["at the last gate clips of a step", { gate: "final", step: "sfx", clips: [1] }, { step: "sfx", clips: [1] }],
    ["its own step, said", { step: "video" }, { step: "video" }],
    ["no clip at all as the whole step", { clips: [] }, null],
  ])("rejects %s", (_name, over, details) => {
    expect(check(over)).toEqual({ kind: "valid", details });
  });

  it.each<[string, Partial<TaskReview>, string, string]>([
    ["without a reason", { comment: null }, "comment", "required"],
    ["with an empty reason", { comment: "  " }, "comment", "required"],
    ["at the last gate without a step", { gate: "final" }, "step", "required"],
    ["another step than its gate's", { step: "audio" }, "step", "gate_step"],
    ["what is published already", { gate: "final", step: "upload" }, "step", "redoable"],
    ["a clip after the last", { clips: [18, 19] }, "clips", "in_range"],
    ["clip 0", { clips: [0] }, "clips", "in_range"],
    ["clips of the images", { gate: "assets", clips: [1] }, "clips", "step_has_clips"],
    ["parts of the assembly", { gate: "final", step: "assembly", units: ["final"] }, "units", "step_has_units"],
  ])("does not reject %s", (_name, over, field, rule) => {
    expect(check(over)).toMatchObject({ kind: "invalid", field, rule });
  });

  it("approves without a word, and with nothing to be made again", () => {
    expect(checkReview({ gate: "final", decision: "approved", comment: null }, input)).toEqual({
      kind: "valid",
      details: null,
    });
    const said = { gate: "video", decision: "approved", comment: null, clips: [1] } as const;
    expect(checkReview(said, input)).toMatchObject({ field: "clips", rule: "rejection_only" });
  });

  it("leads to the error of the step that is to be made again (C-Q04)", () => {
    expect(errorAfter({ gate: "audio" })).toBe("audio_error");
    expect(errorAfter({ gate: "final", step: "composites" })).toBe("asset_error");
    expect(errorAfter({ gate: "final", step: "assembly" })).toBe("video_error");
  });
});
