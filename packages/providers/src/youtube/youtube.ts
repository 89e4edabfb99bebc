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
  readonly view_count: number | null;
  readonly tags: readonly string[];
  readonly thumbnail_url: string | null;
  readonly fetched_at: string;
}

/** YouTube behind one door. Errors: TRANSCRIPT_UNAVAILABLE, VIDEO_UNAVAILABLE (never); network trouble is backoff. */
export interface Youtube {
  transcript(
    videoId: string,
    options: { readonly language: string; readonly signal: AbortSignal },
  ): Promise<Transcript>;
  metadata(videoId: string, options: { readonly signal: AbortSignal }): Promise<VideoMetadata>;
}
