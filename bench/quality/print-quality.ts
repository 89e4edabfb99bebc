import { readLabelledTexts } from "./labelled-texts.ts";
import { measureQuality, type Quality } from "./measure-quality.ts";
import { f1Of, precisionOf, recallOf, type Score } from "./score.ts";

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(8);

function row(name: string, score: Score): string {
  const shares = [precisionOf(score), recallOf(score), f1Of(score)].map(percent).join("  ");
  return `${name.padEnd(10)}  ${shares}  ${String(score.right).padStart(4)} of ${score.found} found, ${score.wanted} wanted`;
}

function printQuality({ texts, tags, entities, entitiesByType, tierExact, tierWithinOne }: Quality): void {
  console.log(`${texts.length} labelled texts of ${new Set(texts.map(({ kind }) => kind)).size} kinds`);
  console.log("            precision   recall        F1   right");
  console.log(row("entities", entities));
  for (const [type, score] of entitiesByType) console.log(row(`  ${type}`, score));
  console.log(row("tags", tags));
  console.log(`tier        ${percent(tierExact)} as labelled, ${percent(tierWithinOne).trim()} at most one step away`);
}

/** A line for each text that is not wholly right: `+` said and not wanted, `-` wanted and not said. */
function printMisses({ texts }: Quality): void {
  for (const { name, tags, entities, tier } of texts) {
    const signed = [tags, entities].flatMap(({ misses }) => [
      ...misses.wrong.map((each) => `+${each}`),
      ...misses.missed.map((each) => `-${each}`),
    ]);
    const judged = tier.wanted === tier.given ? [] : [`tier ${tier.given} (${tier.score}) for ${tier.wanted}`];
    if (signed.length + judged.length > 0) console.log(`${name}: ${[...judged, ...signed].join("  ")}`);
  }
}

const quality = await measureQuality(await readLabelledTexts());
if (process.argv.includes("--json")) {
  console.log(JSON.stringify({ ...quality, entitiesByType: Object.fromEntries(quality.entitiesByType) }, null, 2));
} else {
  if (process.argv.includes("--misses")) printMisses(quality);
  printQuality(quality);
}
