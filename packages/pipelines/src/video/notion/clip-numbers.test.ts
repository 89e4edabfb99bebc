import { expect, it } from "vitest";
import { clipNumbersIn } from "./clip-numbers.ts";

it.each([
  ["clip 3 is too dark", [3]],
  ["Clips 1, 4-6 and 9", [1, 4, 5, 6, 9]],
  ["clips: #2 & #7", [2, 7]],
  ["CLIP 12 flickers; clip 2 too, clip 12 again", [2, 12]],
  ["clips 3 to 5", [3, 4, 5]],
  ["clips 16 – 18", [16, 17, 18]],
  ["clips 1, 2, and 3", [1, 2, 3]],
  ["clip\n  8", [8]],
  ["clip 3, 2 seconds too long", [3]],
  ["clip 3 and 5% darker", [3]],
  ["the 3 videos of 2024 are bad", []],
  ["eclipse 4 and paperclip5", []],
  ["clip 3.5", []],
  ["all of it", []],
  ["", []],
])("C2.4 %j names %j", (text, clips) => {
  expect(clipNumbersIn(text, 18)).toEqual({ clips, unknown: [] });
});

it("C2.4 tells which clips do not exist", () => {
  const read = clipNumbersIn("clips 0, 2, 19 and 17-20, clips 5-4, clip 9999", 18);
  expect(read).toEqual({ clips: [2], unknown: ["0", "19", "17-20", "5-4", "9999"] });
});

it("reads a long text in one go", () => {
  expect(clipNumbersIn(`clip${" ".repeat(200_000)}${"clip 1, ".repeat(20_000)}`, 18).clips).toEqual([1]);
});
