import { done } from "@millrace/core";
import { makeUnits } from "../make-units.ts";
import { type StepWork, unitOf, workOn } from "../step-work.ts";
import { type PlannedClip, planStory } from "../story-plan.ts";
import type { VideoStage } from "../video-stage.ts";

const AT_A_TIME = 4;

/** The frame that each clip begins with. */
export const composites: VideoStage<"composites"> = (needs) => (context) =>
  workOn(needs, "composites", context, async (work) => {
    const { clips } = planStory(work.task, work.input.scale);
    const { output } = await makeUnits(
      work,
      clips.map((clip) => frameOf(work, clip)),
      { provider: null, component: "composites", parallel: AT_A_TIME },
    );
    return done(output);
  });

function frameOf(work: StepWork, { unit, layout, environment, secondEnvironment, figures }: PlannedClip) {
  const asset = (name: string) => unitOf(work, "assets", name);
  const place = asset(environment);
  const second = secondEnvironment === null ? undefined : asset(secondEnvironment);
  const standing = figures.map(asset);
  return {
    unit,
    madeFrom: {
      layout,
      environments: [place, ...(second === undefined ? [] : [second])].map(({ sha256 }) => sha256),
      figures: standing.map(({ sha256 }) => sha256),
    },
    make: async ({ outputPath, signal }: { readonly outputPath: string; readonly signal: AbortSignal }) => {
      const [environmentPath, ...figurePaths] = await Promise.all([place, ...standing].map(work.units.fetch));
      return work.needs.makers.compositor.composeFrame({
        environmentPath: environmentPath ?? "",
        figurePaths,
        layout,
        ...(second !== undefined && { secondEnvironmentPath: await work.units.fetch(second) }),
        outputPath,
        signal,
      });
    },
  };
}
