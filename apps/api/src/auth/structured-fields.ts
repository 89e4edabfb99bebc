export class Token {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export type BareItem = string | number | boolean | Uint8Array | Token;
export type Parameters = ReadonlyMap<string, BareItem>;

export interface Item {
  readonly value: BareItem;
  readonly parameters: Parameters;
}

export interface InnerList {
  readonly items: readonly Item[];
  readonly parameters: Parameters;
}

export type Dictionary = ReadonlyMap<string, Item | InnerList>;

const KEY = /[a-z*][a-z0-9_.*-]*/y;
const INTEGER = /-?\d{1,15}(?![\d.])/y;
const STRING = /"(?<text>(?:[ !#-[\]-~]|\\["\\])*)"/y;
const TOKEN = /[A-Za-z*][\w!#$%&'*+.^`|~:/-]*/y;
const BYTES = /:(?<base64>[A-Za-z0-9+/]*={0,2}):/y;
const BOOLEAN = /\?(?<digit>[01])/y;
const SPACES = / */y;
const COMMA = /[ \t]*,[ \t]*/y;

class Malformed extends Error {}

/**
 * A dictionary of structured fields (RFC 8941), as Signature-Input, Signature and Content-Digest are; undefined when it is
 * none. Stricter than the RFC in two ways: a key that stands twice is refused instead of the last one winning, so that
 * nobody downstream can have read the other one, and there are no decimals, which these fields do not use.
 */
export function parseDictionary(text: string): Dictionary | undefined {
  try {
    return readDictionary(createReader(text.trim()));
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

interface Reader {
  /** The match at the place where the reader stands, which it then passes; undefined leaves it there. */
  take(pattern: RegExp): RegExpExecArray | undefined;
  takeText(text: string): boolean;
  isAtEnd(): boolean;
}

function createReader(text: string): Reader {
  let at = 0;
  return {
    take(pattern) {
      pattern.lastIndex = at;
      const match = pattern.exec(text) ?? undefined;
      if (match !== undefined) at = pattern.lastIndex;
      return match;
    },
    takeText(wanted) {
      if (!text.startsWith(wanted, at)) return false;
      at += wanted.length;
      return true;
    },
    isAtEnd: () => at >= text.length,
  };
}

function readDictionary(reader: Reader): Dictionary {
  const members = new Map<string, Item | InnerList>();
  while (!reader.isAtEnd()) {
    const key = readKey(reader);
    if (members.has(key)) throw new Malformed();
    members.set(key, readMember(reader));
    if (reader.isAtEnd()) break;
    if (reader.take(COMMA) === undefined || reader.isAtEnd()) throw new Malformed();
  }
  return members;
}

function readMember(reader: Reader): Item | InnerList {
  if (!reader.takeText("=")) return { value: true, parameters: readParameters(reader) };
  return reader.takeText("(") ? readInnerList(reader) : readItem(reader);
}

function readInnerList(reader: Reader): InnerList {
  const items: Item[] = [];
  for (;;) {
    const spaces = reader.take(SPACES)?.[0].length ?? 0;
    if (reader.takeText(")")) return { items, parameters: readParameters(reader) };
    if (items.length > 0 && spaces === 0) throw new Malformed();
    items.push(readItem(reader));
  }
}

function readItem(reader: Reader): Item {
  const value = readBareItem(reader);
  return { value, parameters: readParameters(reader) };
}

function readParameters(reader: Reader): Parameters {
  const parameters = new Map<string, BareItem>();
  while (reader.takeText(";")) {
    reader.take(SPACES);
    const key = readKey(reader);
    if (parameters.has(key)) throw new Malformed();
    parameters.set(key, reader.takeText("=") ? readBareItem(reader) : true);
  }
  return parameters;
}

function readKey(reader: Reader): string {
  const match = reader.take(KEY);
  if (match === undefined) throw new Malformed();
  return match[0];
}

function readBareItem(reader: Reader): BareItem {
  const integer = reader.take(INTEGER);
  if (integer) return Number(integer[0]);
  const text = reader.take(STRING)?.groups?.["text"];
  if (text !== undefined) return text.replaceAll(/\\(["\\])/g, "$1");
  const base64 = reader.take(BYTES)?.groups?.["base64"];
  if (base64 !== undefined) return Buffer.from(base64, "base64");
  const digit = reader.take(BOOLEAN)?.groups?.["digit"];
  if (digit !== undefined) return digit === "1";
  const token = reader.take(TOKEN);
  if (token) return new Token(token[0]);
  throw new Malformed();
}

/** The one way to write an inner list, whatever spaces it came with. */
export function writeInnerList({ items, parameters }: InnerList): string {
  return `(${items.map((item) => writeBareItem(item.value) + writeParameters(item.parameters)).join(" ")})${writeParameters(parameters)}`;
}

function writeParameters(parameters: Parameters): string {
  return [...parameters].map(([key, value]) => `;${key}${value === true ? "" : `=${writeBareItem(value)}`}`).join("");
}

function writeBareItem(value: BareItem): string {
  if (typeof value === "string") return `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "?1" : "?0";
  return value instanceof Token ? value.name : `:${Buffer.from(value).toString("base64")}:`;
}
