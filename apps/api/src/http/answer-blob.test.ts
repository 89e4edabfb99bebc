import { expect, it } from "vitest";
import { rangeOf } from "./answer-blob.ts";

it.each<[string | undefined, number, ReturnType<typeof rangeOf>]>([
  [undefined, 10, undefined],
  ["bytes=0-1", 10, { start: 0, end: 1 }],
  ["bytes=3-", 10, { start: 3, end: 9 }],
  ["bytes=3-99", 10, { start: 3, end: 9 }],
  ["bytes=-4", 10, { start: 6, end: 9 }],
  ["bytes=-40", 10, { start: 0, end: 9 }],
  ["bytes=10-", 10, "unsatisfiable"],
  ["bytes=-0", 10, "unsatisfiable"],
  ["bytes=0-", 0, "unsatisfiable"],
  ["bytes=-1", 0, "unsatisfiable"],
  ["bytes=5-2", 10, undefined],
  ["bytes=0-1,3-4", 10, undefined],
  ["bytes=-", 10, undefined],
  ["lines=0-1", 10, undefined],
  ["bytes=a-b", 10, undefined],
])("%s of %i bytes", (header, bytes, range) => {
  expect(rangeOf(header, bytes)).toEqual(range);
});
