/**
 * A drawing as what it is: a list of (group code, value) pairs. One pair at a time, its value decoded only when asked
 * for, so that a drawing of 100 MB costs no more memory than its bytes.
 */
export interface Tags {
  /** Moves to the next pair; false at the end, or where the file breaks off or stops being a drawing. */
  next(): boolean;
  readonly code: number;
  /** The value as text, without the line's end; not trimmed. */
  raw(): string;
  /** The value as a name: trimmed. */
  name(): string;
  /** NaN when it is none. */
  number(): number;
  /** Bytes read so far. */
  readonly position: number;
  /** After `next` said false: what is wrong here; undefined at a clean end. */
  readonly problem: string | undefined;
}
