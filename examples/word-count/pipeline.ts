import { definePipeline, done, MillraceError, reject } from "@millrace/core";
import { wordCountSpec } from "./spec.ts";

const SHOWN = 10;

/** Counts the words of a text in two stages. */
const wordCountPipeline = definePipeline(wordCountSpec, {
  split: async ({ input }) => {
    const words = input.text.toLowerCase().match(/\p{L}+/gu) ?? [];
    // reject: trying again cannot help; a throw would be retried as the stage's policy says
    if (words.length === 0) return reject(new MillraceError("CONTENT_EMPTY", "The text has no words."));
    return done({ words });
  },

  count: async ({ outputs, signal, progress }) => {
    const counts = new Map<string, number>();
    for (const [i, word] of outputs.split.words.entries()) {
      if (i % 10_000 === 0) {
        signal.throwIfAborted();
        progress(i / outputs.split.words.length);
      }
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const mostCommon = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).slice(0, SHOWN);
    return done({
      total: outputs.split.words.length,
      distinct: counts.size,
      most_common: mostCommon.map(([word, count]) => ({ word, count })),
    });
  },
});

/** What PIPELINE_MODULES looks for. */
export const pipelines = [wordCountPipeline];
