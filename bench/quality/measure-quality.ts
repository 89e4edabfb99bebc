import { type Analyser, createLocalAnalyser, type EntityType, TIERS, type Tier } from "@millrace/providers";
import type { LabelledText } from "./labelled-texts.ts";
import { compare, type Misses, type Score, sumOf } from "./score.ts";

export interface TextQuality {
  readonly name: string;
  readonly kind: string;
  readonly tags: Score & { readonly misses: Misses };
  readonly entities: Score & { readonly misses: Misses };
  readonly tier: { readonly wanted: Tier; readonly given: Tier; readonly score: number };
}

export interface Quality {
  readonly texts: readonly TextQuality[];
  readonly tags: Score;
  readonly entities: Score;
  readonly entitiesByType: ReadonlyMap<EntityType, Score>;
  /** Shares of the texts whose tier is the label's, and at most one step from it. */
  readonly tierExact: number;
  readonly tierWithinOne: number;
}

const MEASURED_TYPES = ["person", "tool", "repo", "paper"] as const;

/** Lower case, without white space and hyphens, without a plural "s": how tags are compared with the labels. */
export function plainTag(tag: string): string {
  const plain = tag.toLowerCase().replace(/[\s_-]+/g, "");
  return plain.length > 3 && plain.endsWith("s") && !plain.endsWith("ss") ? plain.slice(0, -1) : plain;
}

/** Has each text analysed as an owner's first, without any tags or topics to go by, and compares with its labels. */
export async function measureQuality(
  labelled: readonly LabelledText[],
  analyser: Analyser = createLocalAnalyser(),
): Promise<Quality> {
  const texts: TextQuality[] = [];
  const byType = new Map<EntityType, Score[]>(MEASURED_TYPES.map((type) => [type, []]));
  for (const each of labelled) {
    const { result } = await analyser.analyse(
      {
        contentType: "text",
        title: each.title,
        text: each.text,
        preDetected: [],
        context: { tags: [], topics: [], tag_pairs: [], tiers: {}, aliases: [] },
      },
      { signal: new AbortController().signal, now: new Date(0) },
    );
    const found = result.additional_entities.map(({ type, name }) => ({ type, key: keyOf(type, name) }));
    const wanted = each.entities.map(({ type, names }) => ({ type, keys: names.map((name) => keyOf(type, name)) }));
    for (const [type, scores] of byType) {
      const ofType = <T extends { readonly type: EntityType }>(all: readonly T[]) => all.filter((e) => e.type === type);
      scores.push(
        compare(
          ofType(found).map(({ key }) => key),
          ofType(wanted).map(({ keys }) => keys),
        ),
      );
    }
    texts.push({
      name: each.name,
      kind: each.kind,
      tags: compare(
        result.tags.map(plainTag),
        each.tags.map((names) => names.map(plainTag)),
      ),
      entities: compare(
        found.map(({ key }) => key),
        wanted.map(({ keys }) => keys),
      ),
      tier: { wanted: each.tier, given: result.tier, score: result.quality_score },
    });
  }
  const withinSteps = (steps: number) => texts.filter(({ tier }) => distance(tier) <= steps).length / texts.length;
  return {
    texts,
    tags: sumOf(texts.map(({ tags }) => tags)),
    entities: sumOf(texts.map(({ entities }) => entities)),
    entitiesByType: new Map([...byType].map(([type, scores]) => [type, sumOf(scores)])),
    tierExact: withinSteps(0),
    tierWithinOne: withinSteps(1),
  };
}

const keyOf = (type: EntityType, name: string): string => `${type}:${name.toLowerCase()}`;

const distance = ({ wanted, given }: TextQuality["tier"]): number =>
  Math.abs(TIERS.indexOf(wanted) - TIERS.indexOf(given));
