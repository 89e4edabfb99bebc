import { expect, test } from "vitest";
import { detectEntities } from "./detect-entities.ts";

test("finds repositories, papers and packages by their addresses, each once", () => {
  const text = `See https://github.com/taskforcesh/bullmq/issues/1, (https://arxiv.org/abs/1706.03762v5).
    Also arXiv:2005.14165 and doi:10.1145/3341301.3359652. Install https://www.npmjs.com/package/@scope/name,
    https://pypi.org/project/requests/ but not https://example.org/x or https://github.com/features.`;
  expect(detectEntities(["https://github.com/TaskforceSH/BullMQ"], text, 50)).toEqual([
    { id: "github_repo:taskforcesh/bullmq", type: "repo", name: "TaskforceSH/BullMQ" },
    { id: "arxiv:1706.03762v5", type: "paper", name: "1706.03762v5" },
    { id: "npm:@scope/name", type: "tool", name: "@scope/name" },
    { id: "pypi:requests", type: "tool", name: "requests" },
    { id: "arxiv:2005.14165", type: "paper", name: "2005.14165" },
    { id: "doi:10.1145/3341301.3359652", type: "paper", name: "10.1145/3341301.3359652" },
  ]);
});

test("stops at its limit", () => {
  const text = Array.from({ length: 100 }, (_, n) => `https://github.com/owner/repo${n}`).join(" ");
  expect(detectEntities([], text, 10)).toHaveLength(10);
});

test("is not slow on text that is almost addresses", () => {
  expect(detectEntities([], "https://".repeat(200_000), 10)).toEqual([]);
});
