import type { Blobs } from "@millrace/core";
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
  readonly limits?: Partial<ContentLimits>;
}

/** The needs as the stages see them. */
export interface StageNeeds extends ContentNeeds {
  readonly limits: ContentLimits;
}

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
}

export const DEFAULT_LIMITS: ContentLimits = {
  maxSourceBytes: 50 * 1024 * 1024,
  fetchTimeoutMs: 30_000,
  maxLinks: 5_000,
  chunkCharacters: 1_024,
  chunkOverlap: 150,
  maxChunks: 100_000,
  maxAnalysedCharacters: 2_000_000,
};
