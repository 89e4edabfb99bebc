import { describe, expect, it } from "vitest";
import { videoInput } from "./input.ts";
import { jobOfTask, scaleOfTask } from "./job-of-task.ts";

const task = {
  id: "0f8fad5b-d9cb-469f-a165-70867728950e",
  channelId: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
  narrationScripts: null,
  sfxDescriptions: null,
};

describe("the job of a task", () => {
  it("is what the pipeline takes, at the step where the run begins", () => {
    const job = jobOfTask(task, { fromStep: "audio", quotaPool: "google", scale: scaleOfTask({}, task) });
    expect(job).toMatchObject({ pipeline: "video", resourceKey: `task:${task.id}`, stage: "audio" });
    expect(videoInput.parse(job.input)).toEqual({
      task_id: task.id,
      channel_id: task.channelId,
      quota_pool: "google",
      scale: { assets: 22, clips: 18, seconds: 90 },
      from_step: "audio",
    });
  });

  it("has the scale of its channel", () => {
    const scale = { assets: 4, clips: 3, seconds: 15 };
    expect(scaleOfTask({ channel_id: "x", scale }, task)).toEqual(scale);
  });

  it("has a clip for each of its own texts, as long as the channel's", () => {
    const scale = { assets: 4, clips: 3, seconds: 15 };
    const of = (count: number) => Array.from({ length: count }, () => "text");
    expect(scaleOfTask({ scale }, { ...task, narrationScripts: of(5) })).toMatchObject({ clips: 5, seconds: 25 });
    expect(scaleOfTask({ scale }, { ...task, sfxDescriptions: of(2) })).toMatchObject({ clips: 2, seconds: 10 });
    const many = scaleOfTask({ scale: { assets: 1, clips: 1, seconds: 60 } }, { ...task, narrationScripts: of(60) });
    expect(many).toMatchObject({ clips: 60, seconds: 600 });
  });
});
