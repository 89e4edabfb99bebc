const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text in which matches stand between U+E000 and U+E001, as HTML that shows it: whatever markup it holds stays text. */
export function markedHtml(text: string): string {
  const escaped = text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");
  let isOpen = false;
  const marked = escaped.replace(/[\uE000\uE001]/g, (mark) => {
    const opens = mark === "\uE000";
    // the text itself may hold these characters: only pairs become tags
    if (opens === isOpen) return "";
    isOpen = opens;
    return opens ? "<mark>" : "</mark>";
  });
  return isOpen ? `${marked}</mark>` : marked;
}
