import { expect, it } from "vitest";
import { readLabelledTexts } from "./labelled-texts.ts";
import { measureQuality } from "./measure-quality.ts";
import { f1Of, precisionOf } from "./score.ts";

// The analyser answers the same for the same text, so these are exact on every machine; a little below today's figures,
// to leave room for a rule that trades one text for another. docs/local-analyser.md holds the figures themselves.
const FLOORS = { entityPrecision: 0.93, entityF1: 0.78, tagF1: 0.3, tierExact: 0.47, tierWithinOne: 0.91 };

it("is as good on the labelled texts as docs/local-analyser.md says", async () => {
  const quality = await measureQuality(await readLabelledTexts());
  const measured: Record<keyof typeof FLOORS, number> = {
    entityPrecision: precisionOf(quality.entities),
    entityF1: f1Of(quality.entities),
    tagF1: f1Of(quality.tags),
    tierExact: quality.tierExact,
    tierWithinOne: quality.tierWithinOne,
  };
  for (const [name, floor] of Object.entries(FLOORS)) {
    expect(measured[name as keyof typeof FLOORS], name).toBeGreaterThanOrEqual(floor);
  }
});
