export interface Chunk {
  readonly index: number;
  /** Where it stands in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface ChunkSizes {
  readonly characters: number;
  readonly overlap: number;
}

/** Moves a cut off the middle of a surrogate pair. */
function wholeCharacter(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return at > 0 && at < text.length && unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}

/** Where a chunk from `start` ends: after the last white space in its second half, else at its full size. */
function endOfChunk(text: string, start: number, characters: number): number {
  const full = start + characters;
  if (full >= text.length) return text.length;
  const floor = start + Math.floor(characters / 2);
  for (let at = full; at > floor; at -= 1) if (/\s/.test(text.charAt(at))) return at;
  return wholeCharacter(text, full);
}

/** Where the next chunk starts: `overlap` before the end, moved on to the start of a word where there is one. */
function startOfNext(text: string, end: number, overlap: number): number {
  const back = end - overlap;
  for (let at = back; at < end; at += 1) if (/\s/.test(text.charAt(at))) return at + 1;
  return wholeCharacter(text, back);
}

/**
 * Splits a text into overlapping pieces that break on white space (A2.3 #7). Every character is in at least one of
 * them, white space between them apart.
 */
export function* splitChunks(text: string, { characters, overlap }: ChunkSizes): Generator<Chunk> {
  let start = 0;
  for (let index = 0; start < text.length; ) {
    const end = endOfChunk(text, start, characters);
    const piece = text.slice(start, end);
    if (piece.trim() !== "") {
      yield { index, start, end, text: piece };
      index += 1;
    }
    if (end >= text.length) return;
    start = Math.max(startOfNext(text, end, overlap), start + 1);
  }
}
