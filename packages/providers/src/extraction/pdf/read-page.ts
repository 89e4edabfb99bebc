import { MillraceError } from "@millrace/core";
import { collectRulings, type Rulings } from "./collect-rulings.ts";
import { collectWords } from "./collect-words.ts";
import { IDENTITY, type Matrix, matrixFrom, multiply } from "./matrix.ts";
import type { OpenPdf } from "./open-pdf.ts";
import type { PdfJs, PdfPage } from "./pdfjs.ts";
import type { Word } from "./word.ts";

/** What is drawn on one page, in points from its top left corner as it is shown. */
export interface PageContent {
  readonly number: number;
  readonly width: number;
  readonly height: number;
  readonly rotation: number;
  readonly words: readonly Word[];
  readonly rulings: Rulings;
  /** The page holds more letters than are read. */
  readonly isCut: boolean;
}

const MAX_GLYPHS = 500_000;
/** Dense maps come to a few hundred thousand. */
const MAX_OPERATORS = 1_500_000;

interface Font {
  readonly matrix: Matrix;
  readonly isBold: boolean;
  readonly isVertical: boolean;
  readonly ascent: number;
  readonly descent: number;
}

const NO_FONT: Font = {
  matrix: [0.001, 0, 0, 0.001, 0, 0],
  isBold: false,
  isVertical: false,
  ascent: 0.75,
  descent: -0.22,
};
/** Nothing to spell out in it: no ligatures, no letters with their accents apart. */
const IS_PLAIN = /^[ -~]*$/;
const BOLD = /bold|black|heavy|demi|CMBX|CMSSBX/i;

/** What text and graphics operators set; `save` keeps a copy. */
interface State {
  placed: Matrix;
  font: Font;
  size: number;
  letterGap: number;
  wordGap: number;
  stretch: number;
  leading: number;
  rise: number;
  text: Matrix;
  x: number;
  y: number;
  lineX: number;
  lineY: number;
}

const between = (value: unknown, low: number, high: number, otherwise: number): number =>
  typeof value === "number" && value >= low && value <= high ? value : otherwise;

function fontFrom(page: PdfPage, id: unknown): Font {
  if (typeof id !== "string" || !page.commonObjs.has(id)) return NO_FONT;
  const font: Record<string, unknown> = page.commonObjs.get(id);
  const matrix = font["fontMatrix"];
  return {
    matrix: matrix === undefined || matrix === null ? NO_FONT.matrix : matrixFrom(matrix),
    isBold: font["bold"] === true || font["black"] === true || BOLD.test(String(font["name"])),
    isVertical: font["vertical"] === true,
    ascent: between(font["ascent"], 0.3, 1.3, NO_FONT.ascent),
    descent: between(font["descent"], -0.6, -0.01, NO_FONT.descent),
  };
}

interface DrawnGlyph {
  readonly unicode?: unknown;
  readonly width?: unknown;
  readonly isSpace?: unknown;
  readonly vmetric?: readonly number[] | null;
}

/** Follows the operators of one page and notes letters and lines where they end up. */
class PageReader {
  readonly words = collectWords();
  readonly rulings = collectRulings();
  readonly #page: PdfPage;
  readonly #fonts = new Map<unknown, Font>();
  readonly #saved: State[] = [];
  #state: State;

  constructor(page: PdfPage, toPage: Matrix) {
    this.#page = page;
    this.#state = {
      placed: toPage,
      font: NO_FONT,
      size: 0,
      letterGap: 0,
      wordGap: 0,
      stretch: 1,
      leading: 0,
      rise: 0,
      text: IDENTITY,
      x: 0,
      y: 0,
      lineX: 0,
      lineY: 0,
    };
  }

  save(): void {
    this.#saved.push({ ...this.#state });
  }

  restore(): void {
    this.#state = this.#saved.pop() ?? this.#state;
  }

  transform(matrix: unknown): void {
    this.#state.placed = multiply(this.#state.placed, matrixFrom(matrix));
  }

  set(name: "letterGap" | "wordGap" | "rise" | "leading", value: unknown): void {
    this.#state[name] = Number(value) || 0;
  }

  setStretch(percent: unknown): void {
    this.#state.stretch = Number(percent) / 100 || 1;
  }

  setFont(id: unknown, size: unknown): void {
    let font = this.#fonts.get(id);
    if (font === undefined) {
      font = fontFrom(this.#page, id);
      this.#fonts.set(id, font);
    }
    this.#state.font = font;
    this.#state.size = Number(size) || 0;
  }

  setText(matrix: unknown): void {
    this.#state.text = matrixFrom(matrix);
    this.#state.x = this.#state.y = this.#state.lineX = this.#state.lineY = 0;
  }

  move(x: number, y: number): void {
    this.#state.x = this.#state.lineX += x;
    this.#state.y = this.#state.lineY += y;
  }

  nextLine(): void {
    this.move(0, -this.#state.leading);
  }

  show(glyphs: unknown): void {
    if (!Array.isArray(glyphs)) return;
    const state = this.#state;
    const { font, size, stretch } = state;
    const add = this.words.startRun({
      placed: multiply(state.placed, state.text),
      size: Math.abs(size),
      isVertical: font.isVertical,
      isBold: font.isBold,
      ascent: font.ascent,
      descent: font.descent,
    });
    const scale = font.matrix[0] * size;
    for (const glyph of glyphs as readonly (DrawnGlyph | number)[]) {
      if (typeof glyph === "number") {
        const shift = (-glyph / 1000) * size;
        if (font.isVertical) state.y += shift;
        else state.x += shift * stretch;
        continue;
      }
      const spacing = state.letterGap + (glyph.isSpace === true ? state.wordGap : 0);
      const text = typeof glyph.unicode === "string" ? glyph.unicode : "";
      const x = state.x;
      const y = state.y + state.rise;
      if (font.isVertical) {
        const advance = (glyph.vmetric?.[0] ?? -1000) * scale;
        add({ text, x, y, advance, spacing: -spacing });
        state.y += advance - spacing;
      } else {
        const advance = (Number(glyph.width) || 0) * scale * stretch;
        add({ text, x, y, advance, spacing: spacing * stretch });
        state.x += advance + spacing * stretch;
      }
    }
  }

  path(paint: "stroke" | "fill", path: unknown): void {
    if (ArrayBuffer.isView(path)) this.rulings.add(path as Float32Array, paint, this.#state.placed);
  }
}

type Operands = readonly unknown[];
type Step = (reader: PageReader, operands: Operands) => void;

/** What each operator means here; the others draw nothing that is looked for. */
function stepsOf({ OPS }: PdfJs): ReadonlyMap<number, Step> {
  const strokes = new Set([OPS.stroke, OPS.closeStroke, OPS.fillStroke, OPS.eoFillStroke]);
  for (const operator of [OPS.closeFillStroke, OPS.closeEOFillStroke]) strokes.add(operator);
  const fills = new Set([OPS.fill, OPS.eoFill]);
  return new Map<number, Step>([
    [OPS.save, (reader) => reader.save()],
    [OPS.restore, (reader) => reader.restore()],
    [OPS.transform, (reader, operands) => reader.transform(operands)],
    [
      OPS.paintFormXObjectBegin,
      (reader, [matrix]) => {
        reader.save();
        if (matrix !== null && matrix !== undefined) reader.transform(matrix);
      },
    ],
    [OPS.paintFormXObjectEnd, (reader) => reader.restore()],
    [OPS.beginText, (reader) => reader.setText(IDENTITY)],
    [OPS.setTextMatrix, (reader, operands) => reader.setText(operands.length === 6 ? operands : operands[0])],
    [OPS.setFont, (reader, [id, size]) => reader.setFont(id, size)],
    [OPS.setGState, (reader, [entries]) => applyFonts(reader, entries)],
    [OPS.setCharSpacing, (reader, [value]) => reader.set("letterGap", value)],
    [OPS.setWordSpacing, (reader, [value]) => reader.set("wordGap", value)],
    [OPS.setTextRise, (reader, [value]) => reader.set("rise", value)],
    [OPS.setLeading, (reader, [value]) => reader.set("leading", value)],
    [OPS.setHScale, (reader, [value]) => reader.setStretch(value)],
    [OPS.moveText, (reader, [x, y]) => reader.move(Number(x) || 0, Number(y) || 0)],
    [
      OPS.setLeadingMoveText,
      (reader, [x, y]) => {
        reader.set("leading", -(Number(y) || 0));
        reader.move(Number(x) || 0, Number(y) || 0);
      },
    ],
    [OPS.nextLine, (reader) => reader.nextLine()],
    [OPS.showText, (reader, [glyphs]) => reader.show(glyphs)],
    [
      OPS.constructPath,
      (reader, [operator, parts]) => {
        const paint = strokes.has(Number(operator)) ? "stroke" : fills.has(Number(operator)) ? "fill" : undefined;
        if (paint !== undefined && Array.isArray(parts)) reader.path(paint, parts[0]);
      },
    ],
  ]);
}

/** A graphics state may name a font. */
function applyFonts(reader: PageReader, entries: unknown): void {
  if (!Array.isArray(entries)) return;
  for (const entry of entries as readonly unknown[]) {
    if (Array.isArray(entry) && entry[0] === "Font" && Array.isArray(entry[1]))
      reader.setFont(entry[1][0], entry[1][1]);
  }
}

interface Chunks {
  _renderPageChunk(chunk: { readonly length: number }, state: unknown): void;
}

/**
 * Ends a page whose operators never end: drawings that contain one another double with each level. pdf.js offers no limit
 * and never leaves the thread's turn meanwhile, so this looks at the pieces as they come in.
 */
function limitOperators(page: PdfPage, giveUp: OpenPdf["giveUp"]): void {
  const chunks = page as unknown as Chunks;
  let count = 0;
  const take = chunks._renderPageChunk.bind(page);
  chunks._renderPageChunk = (chunk, state) => {
    count += chunk.length;
    if (count <= MAX_OPERATORS) take(chunk, state);
    else
      giveUp(
        new MillraceError("CONTENT_TOO_COMPLEX", `page ${page.pageNumber} draws more than ${MAX_OPERATORS} things`),
      );
  };
}

/** Lists what a page draws. One pass: text comes from the drawing operators, which give each letter's place. */
export async function readPage({ pdfJs, giveUp, orGivenUp }: OpenPdf, page: PdfPage): Promise<PageContent> {
  limitOperators(page, giveUp);
  const listing = page.getOperatorList({ annotationMode: pdfJs.AnnotationMode.DISABLE });
  const { fnArray, argsArray } = await orGivenUp(listing);
  const viewport = page.getViewport({ scale: 1 });
  const reader = new PageReader(page, matrixFrom(viewport.transform));
  const steps = stepsOf(pdfJs);
  for (let i = 0; i < fnArray.length && reader.words.glyphCount < MAX_GLYPHS; i += 1) {
    steps.get(fnArray[i]!)?.(reader, argsArray[i] ?? []);
  }
  const words = reader.words.finish();
  return {
    number: page.pageNumber,
    width: viewport.width,
    height: viewport.height,
    rotation: viewport.rotation,
    words: words.map((word) =>
      IS_PLAIN.test(word.text) ? word : { ...word, text: pdfJs.normalizeUnicode(word.text) },
    ),
    rulings: reader.rulings.finish(),
    isCut: reader.words.glyphCount >= MAX_GLYPHS,
  };
}
