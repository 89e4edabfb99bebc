import { type Box, bboxOf, boxAround, overlap } from "./box.ts";
import type { Ruling } from "./collect-rulings.ts";
import type { PageContent } from "./read-page.ts";
import type { Segment } from "./text-lines.ts";
import { customFieldIn, type Label, labelIn, type TitleBlockField } from "./title-block-labels.ts";

/** Fewer labels than this are a coincidence. */
const MIN_FIELDS = 3;
/** A title block lies in the lower half of a sheet or along its right side. */
const LOWER = 0.5;
const RIGHT = 0.6;
const MAX_CUSTOM_FIELDS = 50;
/** How far from its label a value stands, in font heights of the label. */
const REACH_RIGHT = 14;
const REACH_DOWN = 4;

interface Placed {
  readonly segment: Segment;
  readonly label: Label | undefined;
}

export interface TitleBlock extends Readonly<Partial<Record<TitleBlockField, string>>> {
  readonly page: number;
  readonly bbox: readonly number[];
  readonly custom_fields: Readonly<Record<string, string>>;
}

const isBetween = ({ at, from, to }: Ruling, a: number, b: number, low: number, high: number): boolean =>
  at > a && at < b && overlap(from, to, low, high) > 0;

/** A line is drawn between a label and what stands to its right. */
const isParted = (page: PageContent, a: Box, b: Box): boolean =>
  page.rulings.vertical.some((ruling) =>
    isBetween(ruling, a.x1 - 1, b.x0 + 1, Math.min(a.y0, b.y0), Math.max(a.y1, b.y1)),
  );

const isPartedBelow = (page: PageContent, a: Box, b: Box): boolean =>
  page.rulings.horizontal.some((ruling) =>
    isBetween(ruling, a.y1 - 1, b.y0 + 1, Math.max(a.x0, b.x0), Math.min(a.x1, b.x1)),
  );

/** The nearest value in the label's cell, else beside it, else below it. */
function findValue({ segment: label }: Placed, others: readonly Placed[], page: PageContent): Segment | undefined {
  const reach = Math.max(label.size, 6);
  const values = others.filter((other) => other.label === undefined && other.segment !== label).map((o) => o.segment);
  const right = values
    .filter(({ box }) => overlap(box.y0, box.y1, label.box.y0, label.box.y1) > 0)
    .filter(({ box }) => box.x0 >= label.box.x1 - 1 && box.x0 - label.box.x1 < REACH_RIGHT * reach)
    // what stands beyond another label is that label's
    .filter(
      ({ box }) =>
        !others.some(
          ({ label: named, segment }) =>
            named !== undefined &&
            segment.box.x0 >= label.box.x1 - 1 &&
            segment.box.x1 <= box.x0 + 1 &&
            overlap(segment.box.y0, segment.box.y1, label.box.y0, label.box.y1) > 0,
        ),
    )
    .sort((a, b) => a.box.x0 - b.box.x0)[0];
  const below = values
    .filter(({ box }) => overlap(box.x0, box.x1, label.box.x0, label.box.x1) > 0)
    .filter(({ box }) => box.y0 >= label.box.y1 - 0.5 * reach && box.y0 - label.box.y1 < REACH_DOWN * reach)
    .sort((a, b) => a.box.y0 - b.box.y0)[0];
  if (right !== undefined && !isParted(page, label.box, right.box)) return right;
  if (below !== undefined && !isPartedBelow(page, label.box, below.box)) return below;
  return right ?? below;
}

/** By the labels in the lower half and along the right side of a sheet; undefined when there are too few. */
export function findTitleBlock(page: PageContent, segments: readonly Segment[]): TitleBlock | undefined {
  const isInRegion = ({ box, angle }: Segment): boolean =>
    angle === 0 && (box.y0 > LOWER * page.height || box.x0 > RIGHT * page.width);
  const placed = segments.filter(isInRegion).map((segment): Placed => ({ segment, label: labelIn(segment.text) }));
  const fields: Partial<Record<TitleBlockField, string>> = {};
  const used: Segment[] = [];
  for (const each of placed) {
    if (each.label === undefined || fields[each.label.field] !== undefined) continue;
    const value = each.label.value === undefined ? findValue(each, placed, page) : undefined;
    const text = each.label.value ?? value?.text;
    if (text === undefined) continue;
    fields[each.label.field] = text;
    used.push(each.segment, ...(value === undefined ? [] : [value]));
  }
  if (Object.keys(fields).length < MIN_FIELDS) return undefined;
  const box = boxAround(used.map((segment) => segment.box));
  const custom = placed
    .filter(({ segment, label }) => label === undefined && !used.includes(segment) && isNear(segment.box, box))
    .flatMap(({ segment }) => customFieldIn(segment.text) ?? [])
    .slice(0, MAX_CUSTOM_FIELDS);
  return {
    ...fields,
    custom_fields: Object.fromEntries(custom.map(({ name, value }) => [name, value])),
    page: page.number,
    bbox: bboxOf(box),
  };
}

const NEAR = 40;

const isNear = (a: Box, b: Box): boolean =>
  overlap(a.x0, a.x1, b.x0, b.x1) > -NEAR && overlap(a.y0, a.y1, b.y0, b.y1) > -NEAR;
