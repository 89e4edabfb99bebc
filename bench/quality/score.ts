/** How many of the found were right and how many of the wanted were found. */
export interface Score {
  readonly right: number;
  readonly found: number;
  readonly wanted: number;
}

const NOTHING: Score = { right: 0, found: 0, wanted: 0 };

export function sumOf(scores: readonly Score[]): Score {
  return scores.reduce(
    (sum, score) => ({
      right: sum.right + score.right,
      found: sum.found + score.found,
      wanted: sum.wanted + score.wanted,
    }),
    NOTHING,
  );
}

/** Each wanted thing is met at most once, so saying it twice in other words counts as one right and one wrong. */
export function compare(found: readonly string[], wanted: readonly (readonly string[])[]): Score & { misses: Misses } {
  const open = new Set(wanted);
  const wrong: string[] = [];
  for (const name of found) {
    const met = [...open].find((names) => names.includes(name));
    if (met === undefined) wrong.push(name);
    else open.delete(met);
  }
  const missed = [...open].map((names) => names[0] ?? "");
  return { right: found.length - wrong.length, found: found.length, wanted: wanted.length, misses: { wrong, missed } };
}

export interface Misses {
  readonly wrong: readonly string[];
  readonly missed: readonly string[];
}

/** Of what was found, the share that is right; 1 when nothing was found. */
export const precisionOf = ({ right, found }: Score): number => (found === 0 ? 1 : right / found);
/** Of what is wanted, the share that was found; 1 when nothing is wanted. */
export const recallOf = ({ right, wanted }: Score): number => (wanted === 0 ? 1 : right / wanted);

export function f1Of(score: Score): number {
  const sum = precisionOf(score) + recallOf(score);
  return sum === 0 ? 0 : (2 * precisionOf(score) * recallOf(score)) / sum;
}
