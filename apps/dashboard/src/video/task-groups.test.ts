import { TASK_STATUSES } from "@millrace/pipelines";
import { expect, test } from "vitest";
import { groupOf, statusesOf, TASK_GROUPS } from "./task-groups.ts";

test("every status is in one group; the gates, the errors and what waits are theirs", () => {
  expect(TASK_GROUPS.flatMap((group) => statusesOf(group)).toSorted()).toEqual([...TASK_STATUSES].toSorted());
  expect(statusesOf("review")).toEqual(["assets_ready", "video_ready", "audio_ready", "final_review"]);
  expect(statusesOf("errors")).toEqual(["asset_error", "video_error", "audio_error", "upload_error"]);
  expect(statusesOf("waiting")).toEqual(["queued"]);
  expect(groupOf("assembly_ready")).toBe("in_progress");
});
