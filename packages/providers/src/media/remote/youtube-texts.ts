const MAX_TITLE = 100;
/** YouTube counts bytes. */
const MAX_DESCRIPTION_BYTES = 5_000;
/** All tags together; one with a blank counts its quotation marks, two are parted by a comma. */
const MAX_TAGS = 500;

/** The words of a video as YouTube takes them. It refuses angle brackets. */
export function youtubeTexts(texts: {
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
}): { readonly title: string; readonly description: string; readonly tags: readonly string[] } {
  const title = [...plain(texts.title).replace(/\s+/g, " ").trim()].slice(0, MAX_TITLE).join("").trim();
  return { title, description: cutToBytes(plain(texts.description), MAX_DESCRIPTION_BYTES), tags: fitting(texts.tags) };
}

function plain(text: string): string {
  return text
    .replace(/\p{Cs}/gu, "\uFFFD")
    .replaceAll("<", "‹")
    .replaceAll(">", "›");
}

function cutToBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let cut = "";
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    cut += character;
  }
  return cut;
}

function fitting(tags: readonly string[]): string[] {
  let used = 0;
  const kept = new Set<string>();
  for (const tag of tags.map((text) => plain(text).replaceAll(",", " ").replace(/\s+/g, " ").trim())) {
    const length = [...tag].length + (tag.includes(" ") ? 2 : 0) + (kept.size > 0 ? 1 : 0);
    if (tag === "" || kept.has(tag) || used + length > MAX_TAGS) continue;
    used += length;
    kept.add(tag);
  }
  return [...kept];
}
