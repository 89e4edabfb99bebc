import { afterGate } from "../after-gate.ts";
import { makeUnits } from "../make-units.ts";
import { workOn } from "../step-work.ts";
import { planStory } from "../story-plan.ts";
import type { VideoStage } from "../video-stage.ts";

const AT_A_TIME = 12;

/** Places fill the frame; figures stand in it. */
const SIZES = {
  environment: { width: 1920, height: 1080 },
  character: { width: 768, height: 1152 },
  prop: { width: 1024, height: 1024 },
} as const;

/** The images of characters, places and things. */
export const assets: VideoStage<"assets"> = (needs) => (context) =>
  workOn(needs, "assets", context, async (work) => {
    const { images } = needs.makers;
    const planned = planStory(work.task, work.input.scale).assets;
    const { output } = await makeUnits(
      work,
      planned.map(({ unit, kind, prompt }) => ({
        unit,
        madeFrom: { maker: images.name, kind, prompt, ...SIZES[kind] },
        make: ({ outputPath, signal, take }) =>
          images.makeImage({
            prompt,
            kind,
            ...SIZES[kind],
            seed: `${work.task.id}/${unit}/${take}`,
            outputPath,
            signal,
          }),
      })),
      { provider: images.name, component: "assets", parallel: needs.parallel?.assets ?? AT_A_TIME },
    );
    return afterGate(work, "assets", output);
  });
