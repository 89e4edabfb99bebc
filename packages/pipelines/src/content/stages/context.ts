import { done, MillraceError } from "@millrace/core";
import type { AnalysisContext } from "@millrace/providers";
import type { ContentStage } from "../content-stage.ts";
import type { StageNeeds } from "../needs.ts";
import { whileAway } from "../while-away.ts";

/** Together some 16 s, the time a restart of the store takes. */
const PATIENCE = { waitsMs: [250, 500, 1_000, 2_000, 4_000, 8_000], patienceMs: 28_000 };

/** As much as an analyser can use; the prompt takes 50 tags, 20 topics and 50 aliases of it (A2.4). */
const LIMITS = { tags: 200, topics: 50, pairs: 200, aliases: 50 };

function bounded(context: AnalysisContext) {
  return {
    tags: context.tags.slice(0, LIMITS.tags).map((tag) => ({ ...tag })),
    topics: context.topics.slice(0, LIMITS.topics),
    tag_pairs: context.tag_pairs
      .slice(0, LIMITS.pairs)
      .map(({ tags: [one, other], count }) => ({ tags: [one, other] as [string, string], count })),
    tiers: { ...context.tiers },
    aliases: context.aliases.slice(0, LIMITS.aliases).map((alias) => ({ ...alias })),
  };
}

/** Asks what the owner's earlier contents say. CONTEXT_FETCH_ERROR when the store will not tell. */
export function context({ context: contents }: StageNeeds): ContentStage<"context"> {
  return async ({ job, signal, log }) => {
    try {
      const read = () => contents.contextFor(job.ownerId);
      const said = await whileAway(read, { ...PATIENCE, signal, log, jobId: job.id });
      return done(bounded(said));
    } catch (cause) {
      signal.throwIfAborted();
      const reason = cause instanceof Error ? cause.message : String(cause);
      const retry = cause instanceof MillraceError && cause.retry === "backoff" ? "backoff" : "never";
      throw new MillraceError("CONTEXT_FETCH_ERROR", `the owner's tags and topics cannot be read: ${reason}`, {
        retry,
        cause,
      });
    }
  };
}
