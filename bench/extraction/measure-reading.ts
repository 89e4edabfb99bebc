// One way of reading one format, in a process of its own so that its memory can be told: the parent names the files.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { extractionOptions } from "@millrace/pipelines";
import {
  createDxfExtractor,
  createIfcExtractor,
  createPdfExtractor,
  createStepExtractor,
  EXTRACTION_LIMITS,
  type FileFormat,
} from "@millrace/providers";

export interface Reading {
  readonly format: FileFormat;
  /** `bare`: the library a caller would use, for what it gives of itself. */
  readonly by: "bare" | "extractor";
  readonly files: readonly string[];
}

export interface Measured {
  readonly ms: number;
  readonly files: number;
  readonly failed: number;
  readonly pages: number;
  readonly peakMb: number;
}

type Read = (bytes: Uint8Array, name: string) => Promise<number>;
const require = createRequire(new URL("../../packages/providers/package.json", import.meta.url));
// biome-ignore lint/suspicious/noExplicitAny: libraries used as their documentation says
const load = async (name: string): Promise<any> => import(pathToFileURL(require.resolve(name)).href);

/** Resolves to a function that reads a file and says how many pages it had. */
const BARE: Readonly<Record<FileFormat, () => Promise<Read>>> = {
  async pdf() {
    const { getDocumentProxy } = await load("unpdf");
    return async (bytes) => {
      const pdf = await getDocumentProxy(bytes.slice());
      const pages = Math.min(pdf.numPages, EXTRACTION_LIMITS.maxPages);
      for (let page = 1; page <= pages; page += 1) await (await pdf.getPage(page)).getTextContent();
      return pages;
    };
  },
  async dxf() {
    const { default: DxfParser } = await load("dxf-parser");
    const Parser = DxfParser.default ?? DxfParser;
    return async (bytes) => {
      new Parser().parseSync(new TextDecoder("latin1").decode(bytes));
      return 0;
    };
  },
  async ifc() {
    const { IfcAPI } = await load("web-ifc");
    const api = new IfcAPI();
    await api.Init();
    api.SetLogLevel(6);
    return async (bytes) => {
      const model = api.OpenModel(bytes);
      const lines = api.GetAllLines(model);
      for (let i = 0; i < lines.size(); i += 1) api.GetLine(model, lines.get(i));
      api.CloseModel(model);
      return 0;
    };
  },
  async step() {
    const { default: open } = await load("occt-import-js");
    const occt = await open();
    return async (bytes) => {
      if (!occt.ReadStepFile(bytes, null).success) throw new Error("not read");
      return 0;
    };
  },
};

const EXTRACTORS = {
  pdf: createPdfExtractor(),
  dxf: createDxfExtractor(),
  ifc: createIfcExtractor(),
  step: createStepExtractor(),
};

async function extractorOf(format: FileFormat): Promise<Read> {
  const options = extractionOptions[format].parse({});
  const { signal } = new AbortController();
  const call = { limits: EXTRACTION_LIMITS, signal, progress: () => {} };
  return async (bytes, fileName) => {
    const { metadata } = await EXTRACTORS[format].extract({ ...call, bytes, fileName, options: options as never });
    return Array.isArray(metadata["pages_read"]) ? metadata["pages_read"].length : Number(metadata["pages_read"] ?? 0);
  };
}

async function measure({ format, by, files }: Reading): Promise<Measured> {
  const read = by === "bare" ? await BARE[format]() : await extractorOf(format);
  const loaded = files.map((file) => ({ bytes: new Uint8Array(readFileSync(file)), name: basename(file) }));
  let pages = 0;
  let failed = 0;
  const began = performance.now();
  for (const { bytes, name } of loaded) {
    await read(bytes, name).then(
      (count) => {
        pages += count;
      },
      () => {
        failed += 1;
      },
    );
  }
  const ms = performance.now() - began;
  return { ms, files: files.length, failed, pages, peakMb: process.resourceUsage().maxRSS / 1024 };
}

process.once("message", (reading: Reading) => {
  void measure(reading).then((measured) => process.send?.(measured, () => process.exit()));
});
