import { done } from "@millrace/core";
import { makeUnits } from "../make-units.ts";
import { unitOf, workOn } from "../step-work.ts";
import { planStory } from "../story-plan.ts";
import type { VideoStage } from "../video-stage.ts";

const AT_A_TIME = 6;

/** What the makers take. */
const MIN_SECONDS = 0.5;
const MAX_SECONDS = 30;

/** The sounds of each clip, as long as its narration. */
export const sfx: VideoStage<"sfx"> = (needs) => (context) =>
  workOn(needs, "sfx", context, async (work) => {
    const maker = needs.makers.sounds;
    const { clips } = planStory(work.task, work.input.scale);
    const { output } = await makeUnits(
      work,
      clips.map(({ unit, sound, seconds: planned }) => {
        const spoken = unitOf(work, "audio", unit).seconds ?? planned;
        const seconds = Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, Math.ceil(spoken * 10) / 10));
        return {
          unit,
          madeFrom: { maker: maker.name, sound, seconds },
          make: ({ outputPath, signal, take }) => {
            // the same words give the same sound where the maker is exact
            const description = take === 1 ? sound : `${sound}, variation ${take}`;
            return maker.makeSound({ description, seconds, outputPath, signal });
          },
        };
      }),
      { provider: maker.name, component: "sfx", parallel: needs.parallel?.audio ?? AT_A_TIME },
    );
    return done(output);
  });
