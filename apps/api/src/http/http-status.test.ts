import { readFileSync } from "node:fs";
import { ERROR_CODES } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { HTTP_STATUS } from "./http-status.ts";

const page = readFileSync(new URL("../../../../docs/errors.md", import.meta.url), "utf8");
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [code = "", ...text] = section.split("\n");
      return [code, text.join("\n").trim()] as const;
    }),
);

describe("docs/errors.md", () => {
  it("has a heading for every code and none for another", () => {
    expect([...sections.keys()].sort()).toEqual([...ERROR_CODES].sort());
  });

  it.each(ERROR_CODES)("says something of %s, and its status where a request can meet it", (code) => {
    const text = sections.get(code) ?? "";
    expect(text.length).toBeGreaterThan(20);
    const said = /^(\d{3})\b/.exec(text)?.[1];
    if (said) expect(Number(said)).toBe(HTTP_STATUS[code]);
    else expect(HTTP_STATUS[code]).toBe(500);
  });
});
