import { expect, test } from "vitest";
import { gateOf } from "../gate.ts";
import { done, reject, waitForReview, waitUntil } from "./outcome.ts";

test("an outcome says what happened and carries what later stages need", () => {
  const warning = { code: "CUT", message: "only the first page" };
  expect(done({ words: 3 })).toEqual({ kind: "done", output: { words: 3 }, warnings: [] });
  expect(done(1, [warning])).toEqual({ kind: "done", output: 1, warnings: [warning] });
  expect(waitForReview("script", 1)).toEqual({
    kind: "wait_for_review",
    gate: gateOf("script"),
    output: 1,
    warnings: [],
  });
  const at = new Date(0);
  expect(waitUntil(at, "later")).toEqual({ kind: "wait_until", at, reason: "later" });
  const error = new Error("no");
  expect(reject(error)).toEqual({ kind: "reject", error });
});
