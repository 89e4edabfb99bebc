import type { Werk24Options } from "../extraction-options.ts";

export type AskType = "FEATURES" | "META_DATA" | "INSIGHTS" | "SHEET_IMAGES";

/** What has to be asked for the parts of a drawing that are wanted; each ask is paid for. */
export function asksFor(options: Werk24Options): AskType[] {
  const asks: AskType[] = [];
  const { extract_dimensions, extract_gdt, extract_threads, extract_surface_finish } = options;
  if (extract_dimensions || extract_gdt || extract_threads || extract_surface_finish) asks.push("FEATURES");
  if (extract_surface_finish || options.extract_materials || options.extract_title_block) asks.push("META_DATA");
  if (extract_dimensions) asks.push("INSIGHTS");
  if (options.extract_title_block) asks.push("SHEET_IMAGES");
  return asks;
}
