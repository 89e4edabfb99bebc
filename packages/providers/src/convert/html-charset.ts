/** HTML looks for its charset in the first kilobyte; real pages put it a little later. */
const PRESCAN_BYTES = 4_096;

/** The charset an HTML page declares in a meta element; null when it declares none. */
export function charsetInHtml(bytes: Uint8Array): string | null {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, PRESCAN_BYTES));
  const declared = /<meta\s[^>]{0,200}?charset\s*=\s*["']?\s*([\w:-]{1,40})/i.exec(head)?.[1]?.toLowerCase() ?? null;
  // a page that could be scanned as ASCII is not UTF-16, whatever it says (HTML, 13.2.3.2)
  return declared?.startsWith("utf-16") ? "utf-8" : declared;
}
