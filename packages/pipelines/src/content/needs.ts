import type { Blobs, Json } from "@millrace/core";
import type { Analyser, AnalysisContext, DocumentReader, OutboundFetch, Youtube } from "@millrace/providers";

/** Everything the content pipeline needs of the outside. */
export interface ContentNeeds {
  readonly blobs: Blobs;
  readonly fetch: OutboundFetch;
  readonly readers: DocumentReader;
  readonly youtube: Youtube;
  readonly analyser: Analyser;
  readonly context: {
    /** What the owner's finished contents say: tags with counts, topics, pairs, tiers, aliases. */
    contextFor(ownerId: string): Promise<AnalysisContext>;
  };
  /** Absent where stages only compute: in a thread of the CPU lane. */
  readonly records?: ContentRecords;
  /** Whom the language model belongs to, for the account of what it used; the analyser's name unless said. */
  readonly provider?: string;
  readonly limits?: Partial<ContentLimits>;
}

/** The needs as the stages see them. */
export interface StageNeeds extends ContentNeeds {
  readonly records: ContentRecords;
  readonly limits: ContentLimits;
}

/** Which claim writes; one that is over is refused. */
interface Claim {
  readonly jobId: string;
  readonly fence: number;
}

/** What is kept beside a job's result. Each may be said again and is kept once. */
export interface ContentRecords {
  /** What text search is to know of the content when the job is completed; until then it knows nothing of it. */
  keepText(
    text: Claim & {
      readonly title: string;
      readonly tags: readonly string[];
      readonly summary: string;
      readonly body: string;
    },
  ): Promise<void>;
  /** Prompt, raw answer and the like; kept for jobs of the full data tier only. */
  keepPayload(payload: Claim & { readonly stage: string; readonly payload: Json }): Promise<void>;
  /** What calls used is spent, whatever becomes of the job. */
  recordUsage(
    used: Claim & {
      readonly ownerId: string;
      readonly stage: string;
      readonly provider: string;
      readonly model: string;
      readonly calls: number;
      readonly inputTokens: number;
      readonly outputTokens: number;
      readonly costUsd: number | null;
    },
  ): Promise<void>;
}

const nothing = async (): Promise<void> => {};
export const NO_RECORDS: ContentRecords = { keepText: nothing, keepPayload: nothing, recordUsage: nothing };

export interface ContentLimits {
  /** Bytes of one source, as fetched or uploaded. */
  readonly maxSourceBytes: number;
  /** For one page, redirects included. */
  readonly fetchTimeoutMs: number;
  /** Links kept of one content; all are counted. */
  readonly maxLinks: number;
  readonly chunkCharacters: number;
  readonly chunkOverlap: number;
  readonly maxChunks: number;
  /** Characters handed to the analyser, which takes of them what it can (a language model the first 10,000, A2.3 #10). */
  readonly maxAnalysedCharacters: number;
  /** Characters of a text that text search knows. */
  readonly maxSearchedCharacters: number;
}

export const DEFAULT_LIMITS: ContentLimits = {
  maxSourceBytes: 50 * 1024 * 1024,
  fetchTimeoutMs: 30_000,
  maxLinks: 5_000,
  chunkCharacters: 1_024,
  chunkOverlap: 150,
  maxChunks: 100_000,
  maxAnalysedCharacters: 2_000_000,
  maxSearchedCharacters: 400_000,
};
