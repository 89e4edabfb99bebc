import { afterGate } from "../after-gate.ts";
import { makeUnits } from "../make-units.ts";
import { unitOf, workOn } from "../step-work.ts";
import { planStory } from "../story-plan.ts";
import type { VideoStage } from "../video-stage.ts";

const AT_A_TIME = 3;

/** The frames set in motion. */
export const video: VideoStage<"video"> = (needs) => (context) =>
  workOn(needs, "video", context, async (work) => {
    const maker = needs.makers.clips;
    const { clips } = planStory(work.task, work.input.scale);
    const { output } = await makeUnits(
      work,
      clips.map(({ unit, promptOf, seconds }) => {
        const frame = unitOf(work, "composites", unit);
        return {
          unit,
          madeFrom: { maker: maker.name, frame: frame.sha256, prompt: promptOf(1), seconds },
          make: async ({ take, ...call }) => {
            const imagePath = await work.units.fetch(frame);
            return maker.makeClip({ ...call, imagePath, prompt: promptOf(take), seconds });
          },
        };
      }),
      { provider: maker.name, component: "video_clips", parallel: needs.parallel?.video ?? AT_A_TIME },
    );
    return afterGate(work, "video", output);
  });
