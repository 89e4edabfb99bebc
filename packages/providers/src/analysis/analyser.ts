import type { Json, StageWarning } from "@millrace/core";
import type { EntityType, Tier, UnifiedResult } from "./unified-result.ts";

/** An entity found by rules (URL patterns, known names) before the analyser looks. */
export interface PreDetectedEntity {
  readonly id: string;
  readonly type: EntityType;
  readonly name: string;
}

/** What the owner's earlier contents say; the analyser prefers these words over new ones. */
export interface AnalysisContext {
  readonly tags: readonly { readonly name: string; readonly count: number }[];
  readonly topics: readonly string[];
  readonly tag_pairs: readonly { readonly tags: readonly [string, string]; readonly count: number }[];
  readonly tiers: Readonly<Partial<Record<Tier, number>>>;
  readonly aliases: readonly { readonly variant: string; readonly canonical: string }[];
}

export interface AnalysisInput {
  readonly contentType: string;
  readonly title: string;
  readonly text: string;
  readonly preDetected: readonly PreDetectedEntity[];
  readonly context: AnalysisContext;
}

export interface AnalysisUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly calls: number;
  /** null where no price is known. */
  readonly costUsd: number | null;
}

export interface Analysis {
  readonly result: UnifiedResult;
  /** Tag variants that were folded into an existing tag. */
  readonly aliases: readonly { readonly variant: string; readonly canonical: string }[];
  readonly usage: AnalysisUsage | null;
  readonly warnings: readonly StageWarning[];
  /** Prompt and raw answer, for jobs of the full data tier. */
  readonly trace: Json | null;
}

/** Turns a text into tags, tier, score, summary, topics and entities. Errors: LLM_CALL_ERROR, EMPTY_RESPONSE, PARSE_FAILED. */
export interface Analyser {
  readonly name: string;
  /** Where its work belongs: computing (`cpu`) or waiting for somebody else (`io`). */
  readonly lane: "cpu" | "io";
  analyse(input: AnalysisInput, options: { readonly signal: AbortSignal; readonly now: Date }): Promise<Analysis>;
}
