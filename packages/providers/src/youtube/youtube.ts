export interface TranscriptSegment {
  readonly startSeconds: number;
  readonly text: string;
}

export interface Transcript {
  readonly language: string;
  readonly segments: readonly TranscriptSegment[];
}

/** What is known of a video; `null` where the source does not say. */
export interface VideoMetadata {
  readonly title: string | null;
  readonly description: string | null;
  readonly channel_id: string | null;
  readonly channel_title: string | null;
  readonly published_at: string | null;
  readonly duration_seconds: number | null;
  /** Such as 1:02:03. */
  readonly duration_text: string | null;
  readonly view_count: number | null;
  readonly like_count: number | null;
  readonly comment_count: number | null;
  /** YouTube's English name of it. */
  readonly category: string | null;
  readonly tags: readonly string[];
  /** Addresses that stand in the description. */
  readonly description_urls: readonly string[];
  readonly thumbnail_url: string | null;
  readonly fetched_at: string;
}

/**
 * YouTube behind one door. Errors: TRANSCRIPT_UNAVAILABLE, VIDEO_UNAVAILABLE (never); network trouble, a page
 * that asks for consent and a network taken for a robot are URL_HTTP_ERROR or URL_UNREACHABLE (backoff). QUOTA_EXHAUSTED
 * (park, until the quota is new) when the Data API's is spent and metadata cannot be had without it either.
 */
export interface Youtube {
  transcript(
    videoId: string,
    options: { readonly language: string; readonly signal: AbortSignal },
  ): Promise<Transcript>;
  metadata(videoId: string, options: { readonly signal: AbortSignal }): Promise<VideoMetadata>;
}
