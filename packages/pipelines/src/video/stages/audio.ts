import { afterGate } from "../after-gate.ts";
import { makeUnits } from "../make-units.ts";
import { workOn } from "../step-work.ts";
import { planStory } from "../story-plan.ts";
import type { VideoStage } from "../video-stage.ts";

const AT_A_TIME = 6;

/** The narration of each clip, in the channel's voice. */
export const audio: VideoStage<"audio"> = (needs) => (context) =>
  workOn(needs, "audio", context, async (work) => {
    const { voice } = work.channel;
    const voiceId = work.channel.voiceId ?? needs.makers.defaultVoiceId;
    const narrator = needs.makers.narratorFor(voice);
    const { clips } = planStory(work.task, work.input.scale);
    const { output } = await makeUnits(
      work,
      clips.map(({ unit, narration: text }) => ({
        unit,
        madeFrom: { maker: narrator.name, text, voice_id: voiceId, voice: { ...voice } },
        make: ({ outputPath, signal }) => narrator.speak({ text, voiceId, outputPath, signal }),
      })),
      { provider: narrator.name, component: "narration", parallel: needs.parallel?.audio ?? AT_A_TIME },
    );
    return afterGate(work, "audio", output);
  });
