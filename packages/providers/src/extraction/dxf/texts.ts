import type { JsonObject } from "@millrace/core";
import { plainLine, plainParagraphs } from "./plain-text.ts";
import { tidy, tidyPoint, toWorld } from "./planes.ts";
import type { DxfRecord, Point } from "./record.ts";

function place(point: Point | undefined, record: DxfRecord): [number, number, number] | null {
  return point === undefined ? null : tidyPoint(toWorld(point, record.extrusion()));
}

/** An MTEXT's direction is an angle (code 50) or a vector (code 11), whichever stands there. */
function rotationOf(record: DxfRecord): number {
  const angle = record.number(50);
  const direction = record.point(11);
  if (record.type !== "MTEXT" || angle !== undefined || direction === undefined) return angle ?? 0;
  return (Math.atan2(direction[1], direction[0]) * 180) / Math.PI;
}

export interface DrawingText {
  readonly text: string;
  readonly fields: JsonObject;
}

/** Undefined when nothing is left of it without its formatting. */
export function describeText(record: DxfRecord): DrawingText | undefined {
  const isParagraphs = record.type === "MTEXT";
  const text = isParagraphs ? plainParagraphs(record.longText()) : plainLine(record.raw(1) ?? "");
  if (text === "") return undefined;
  const point = record.point(10);
  return {
    text,
    fields: {
      text,
      type: record.type.toLowerCase(),
      // an MTEXT stands in the drawing's axes, a TEXT in its plane's
      position: isParagraphs ? (point === undefined ? null : tidyPoint(point)) : place(point, record),
      height: record.number(40) ?? null,
      rotation: tidy(rotationOf(record)),
      style: record.name(7) ?? null,
    },
  };
}
