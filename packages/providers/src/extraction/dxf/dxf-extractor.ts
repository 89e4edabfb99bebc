import { setImmediate as yieldToOthers } from "node:timers/promises";
import { MillraceError, type StageWarning } from "@millrace/core";
import type { DxfOptions } from "../extraction-options.ts";
import type { Extraction, ExtractionCall, Extractor } from "../extractor.ts";
import { Drawing } from "./drawing.ts";
import { Entities } from "./entities.ts";
import { DxfHeader } from "./header.ts";
import { openTags } from "./open-tags.ts";
import type { Tags } from "./tags.ts";
import { ValueText } from "./value-text.ts";

/** Read between two looks at the signal: a few milliseconds' work. */
const PAIRS_PER_TURN = 50_000;
const BYTES_PER_TURN = 2_000_000;

function readTurn(tags: Tags, drawing: Drawing): boolean {
  const end = tags.position + BYTES_PER_TURN;
  for (let index = 0; index < PAIRS_PER_TURN && tags.position < end; index += 1) {
    if (drawing.isEnded || !tags.next()) return false;
    drawing.take(tags);
  }
  return true;
}

async function readAll(tags: Tags, drawing: Drawing, call: ExtractionCall<DxfOptions>): Promise<void> {
  while (readTurn(tags, drawing)) {
    call.progress(Math.min(1, tags.position / call.bytes.length));
    await yieldToOthers();
    call.signal.throwIfAborted();
  }
}

/** A drawing that breaks off is worth what was read of it, as long as that is anything. */
function breakOff(tags: Tags, drawing: Drawing, entities: Entities): readonly StageWarning[] {
  if (drawing.isEnded) return [];
  if (tags.problem === undefined) drawing.finish();
  entities.endParent();
  const message = tags.problem ?? "the file ends without its end mark";
  if (entities.sheetEntities === 0 && entities.layers.size === 0) {
    throw new MillraceError("CONTENT_DAMAGED", `the drawing cannot be read: ${message}`);
  }
  return [{ code: "DRAWING_TRUNCATED", message: `only the part before was read: ${message}` }];
}

function circleErrors(entities: Entities): readonly StageWarning[] {
  const inCircles = entities.blocks.countInstances();
  if (inCircles.length === 0) return [];
  const details = { blocks: inCircles.slice(0, 50).map(({ name }) => name) };
  return [{ code: "BLOCK_RECURSION", message: "blocks that contain themselves are not drawn", details }];
}

async function extract(call: ExtractionCall<DxfOptions>): Promise<Extraction> {
  call.signal.throwIfAborted();
  const text = new ValueText();
  const tags = openTags(call.bytes, text);
  const header = new DxfHeader(text);
  const entities = new Entities(call.options, call.limits.maxElements);
  const drawing = new Drawing(header, entities);
  await readAll(tags, drawing, call);
  const errors = [...breakOff(tags, drawing, entities), ...circleErrors(entities)];
  const warnings = [...text.warnings, ...entities.warnings()];
  if (entities.sheetEntities === 0) warnings.push({ code: "DRAWING_EMPTY", message: "nothing was found drawn" });
  call.progress(1);
  return {
    content: entities.describe(),
    metadata: { ...header.describe(), layouts: drawing.layouts },
    errors,
    warnings,
  };
}

/**
 * Reads text and binary DXF of every release as a stream of pairs: memory grows with what is found, not with the file,
 * and blocks are counted, never taken apart. DWG is UNSUPPORTED_FORMAT.
 */
export function createDxfExtractor(): Extractor<DxfOptions> {
  return { extract };
}
