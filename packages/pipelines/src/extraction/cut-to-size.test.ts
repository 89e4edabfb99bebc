import { expect, test } from "vitest";
import { cutToSize } from "./cut-to-size.ts";

const found = {
  content: {
    texts: Array.from({ length: 1_000 }, (_, i) => `text number ${i}`),
    layers: ["a", "b"],
    tree: { children: ["x".repeat(3_000)] },
  },
  metadata: {},
  errors: [],
  warnings: [{ code: "BEFORE", message: "was there" }],
};

test("cuts the longest lists until the rest fits, and says of each what is left (B-Q20)", () => {
  const { content, warnings } = cutToSize(found, 2_000);
  expect(JSON.stringify(content).length).toBeLessThan(2_100);
  expect(content["layers"]).toEqual(["a", "b"]);
  expect(content["tree"]).toBeNull();
  const kept = (content["texts"] as readonly string[]).length;
  expect(content["texts"]).toEqual(found.content.texts.slice(0, kept));
  expect(warnings).toEqual([
    { code: "BEFORE", message: "was there" },
    { code: "RESULT_CUT", message: `${kept} of 1000 texts were kept`, details: { field: "texts", kept, total: 1_000 } },
    { code: "RESULT_CUT", message: "tree was too large to be kept", details: { field: "tree", kept: 0, total: null } },
  ]);
});

test("leaves alone what fits", () => {
  expect(cutToSize(found, 1_000_000)).toBe(found);
});
