import { expect, it } from "vitest";
import { createQuarantine } from "./quarantine.ts";

it("has room for one at a time, who may come in twice and is not put out by others leaving", () => {
  const quarantine = createQuarantine();
  expect(quarantine.enter("a")).toBe(true);
  expect(quarantine.enter("a")).toBe(true);
  quarantine.leave("b");
  expect(quarantine.enter("b")).toBe(false);
  quarantine.leave("a");
  expect(quarantine.enter("b")).toBe(true);
});
