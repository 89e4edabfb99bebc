import { expect, test } from "vitest";
import { paintProp } from "./paint-prop.ts";
import { seededRandom } from "./seeded-random.ts";

const paint = (prompt: string): string => paintProp(prompt, { width: 100, height: 100 }, seededRandom("1"));

test("a prop is the thing that its prompt names first, whatever else is in sight", () => {
  expect(paint("Red ship, beside a lantern at dusk")).toBe(paint("Red ship"));
  expect(paint("Red lantern, on a ship at dusk")).toBe(paint("Red lantern"));
  expect(paint("Red ship")).not.toBe(paint("Red lantern"));
});
