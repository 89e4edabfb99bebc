const UTF_16 = new TextDecoder("utf-16be");
const UTF_8 = new TextDecoder("utf-8", { fatal: true });
/** ISO 8859 parts that `\P?\` may choose and a decoder exists for; A is the default. */
const ALPHABETS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"].map((part) => `iso-8859-${part}`);

/** One escape: `\X2\…\X0\`, `\X4\…\X0\`, `\X\hh`, `\S\c`, `\P?\`, `\\`, or a line break that stands for nothing. */
const ESCAPE =
  /\\X2\\([0-9A-F]*)\\X0\\|\\X4\\([0-9A-F]*)\\X0\\|\\X\\([0-9A-F]{2})|\\S\\([\x20-\x7e])|\\P([A-I])\\|\\\\|''|[\r\n]+/gi;

/** UTF-8 where the bytes are, as many programs write it against the rule; else ISO 8859-1. */
function plainText(raw: string): string {
  if (!/[\x80-\xff]/.test(raw)) return raw;
  try {
    return UTF_8.decode(Buffer.from(raw, "latin1"));
  } catch {
    return raw;
  }
}

function utf32Text(hex: string): string {
  let text = "";
  for (let at = 0; at + 8 <= hex.length; at += 8) {
    const code = Number.parseInt(hex.slice(at, at + 8), 16);
    text += code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
  }
  return text;
}

/** What a string of a STEP physical file means (ISO 10303-21, 6.4.3), given as bytes read as Latin-1, without its quotes. */
export function decodeText(raw: string): string {
  let alphabet = new TextDecoder("iso-8859-1");
  let text = "";
  let end = 0;
  for (const match of raw.matchAll(ESCAPE)) {
    text += plainText(raw.slice(end, match.index));
    end = match.index + match[0].length;
    const [whole, utf16, utf32, byte, shifted, part] = match;
    if (utf16 !== undefined) text += UTF_16.decode(Buffer.from(utf16, "hex"));
    else if (utf32 !== undefined) text += utf32Text(utf32);
    else if (byte !== undefined) text += String.fromCharCode(Number.parseInt(byte, 16));
    else if (shifted !== undefined) text += alphabet.decode(Buffer.of(shifted.charCodeAt(0) + 128));
    else if (part !== undefined)
      alphabet = new TextDecoder(ALPHABETS[part.toUpperCase().charCodeAt(0) - 65] ?? "iso-8859-1");
    else if (whole === "\\\\") text += "\\";
    else if (whole === "''") text += "'";
  }
  // NUL cannot be stored and is never meant
  return (text + plainText(raw.slice(end))).replaceAll("\0", "");
}
