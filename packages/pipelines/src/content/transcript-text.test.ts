import { expect, test } from "vitest";
import { proseOf, segmentsOf, timestampedOf } from "./transcript-text.ts";

const SEGMENTS = [
  { startSeconds: 0, text: "Queues are" },
  { startSeconds: 4.2, text: "lists of\npromises." },
  { startSeconds: 75, text: "They must be kept." },
  { startSeconds: 3_725.9, text: "Always" },
];

test("prose breaks after sentences only", () => {
  expect(proseOf(SEGMENTS)).toBe("Queues are lists of promises.\nThey must be kept.\nAlways");
});

test("each segment has its time in front, hours past the first", () => {
  expect(timestampedOf(SEGMENTS).split("\n")).toEqual([
    "[00:00] Queues are",
    "[00:04] lists of promises.",
    "[01:15] They must be kept.",
    "[1:02:05] Always",
  ]);
});

test("what is written with times is read back", () => {
  expect(segmentsOf(timestampedOf(SEGMENTS)).map(({ startSeconds }) => startSeconds)).toEqual([0, 4, 75, 3_725]);
});

test.each([
  ["00:05 bare", { startSeconds: 5, text: "bare" }],
  ["[1:00:00] an hour", { startSeconds: 3_600, text: "an hour" }],
  ["[00:05.250] parts", { startSeconds: 5, text: "parts" }],
  ["no time at all", { startSeconds: 0, text: "no time at all" }],
])("reads %j", (line, segment) => {
  expect(segmentsOf(line)).toEqual([segment]);
});

test("a line without a time goes on from the one before", () => {
  expect(segmentsOf("[00:01] one\ntwo\n[00:02] three").map(({ text }) => text)).toEqual(["one two", "three"]);
});
