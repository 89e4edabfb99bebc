import { afterGate } from "../after-gate.ts";
import { makeUnits } from "../make-units.ts";
import { checkHeld, type StepWork, unitOf, workOn } from "../step-work.ts";
import { planStory } from "../story-plan.ts";
import type { VideoStage } from "../video-stage.ts";

export const FINAL = "final";

/** Clips, voices and sounds put together. */
export const assembly: VideoStage<"assembly"> = (needs) => (context) =>
  workOn(needs, "assembly", context, async (work) => {
    const parts = planStory(work.task, work.input.scale).clips.map(({ unit }) => ({
      video: unitOf(work, "video", unit),
      narration: unitOf(work, "audio", unit),
      sound: unitOf(work, "sfx", unit),
    }));
    const hashes = parts.map(({ video, narration, sound }) => [video.sha256, narration.sha256, sound.sha256]);
    const { output, units } = await makeUnits(
      work,
      [
        {
          unit: FINAL,
          madeFrom: { clips: hashes },
          make: async ({ outputPath, signal, progress }) => {
            const clips = await Promise.all(parts.map((part) => fetchParts(work, part)));
            const made = await needs.makers.assembler.assemble({ clips, outputPath, signal, progress });
            return { ...made, seconds: made.facts.seconds };
          },
        },
      ],
      { provider: null, component: "assembly", parallel: 1 },
    );
    const { blobKey, seconds, bytes } = units.get(FINAL) ?? unitOf(work, "assembly", FINAL);
    const duration = seconds ?? 0;
    const video = { path: blobKey, seconds: duration };
    checkHeld(work, await work.needs.tasks.keepFinalVideo(work.claim, work.task.id, video));
    return afterGate(work, "final", { ...output, duration_seconds: duration, bytes });
  });

type Part = Readonly<Record<"video" | "narration" | "sound", ReturnType<typeof unitOf>>>;

async function fetchParts({ units }: StepWork, { video, narration, sound }: Part) {
  const [videoPath, narrationPath, soundPath] = await Promise.all([
    units.fetch(video),
    units.fetch(narration),
    units.fetch(sound),
  ]);
  return { videoPath, narrationPath, soundPath };
}
