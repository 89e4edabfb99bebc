export interface PostRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For the whole exchange. */
  readonly timeoutMs: number;
  /** Of the answer; what comes after is not read. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * The way out: refuses private addresses, follows no redirect, gives back whatever part of the answer came in time. Rejects
 * with the signal's reason when that aborts before there is a status.
 */
export type Post = (url: string, request: PostRequest) => Promise<PostAnswer>;
