import { describe, expect, it } from "vitest";
import { parseLanes } from "./parse-lanes.ts";

describe("parseLanes", () => {
  it("reads names with and without a number", () => {
    expect(parseLanes("io")).toEqual({ io: 50 });
    expect(parseLanes("io:100, cpu")).toEqual({ io: 100, cpu: 2 });
  });

  it.each(["", "disk", "io:0", "io:x", "io:2001", "io:1.5", "cpu,,io"])("refuses '%s'", (text) => {
    expect(() => parseLanes(text)).toThrow();
  });
});
