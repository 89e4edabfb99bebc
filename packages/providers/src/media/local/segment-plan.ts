/** How many pictures each clip gets so that it lasts as long as its narration. */
export interface Segment {
  readonly frames: number;
  readonly seconds: number;
}

/**
 * Cuts lie on whole pictures. Each is rounded from the start of the video, not of its clip: so the whole is never off by
 * more than half a picture, however many clips there are.
 */
export function planSegments(narrationSeconds: readonly number[], framesPerSecond: number): readonly Segment[] {
  let spoken = 0;
  let shown = 0;
  return narrationSeconds.map((seconds) => {
    spoken += seconds;
    const frames = Math.max(1, Math.round(spoken * framesPerSecond) - shown);
    shown += frames;
    return { frames, seconds: frames / framesPerSecond };
  });
}
