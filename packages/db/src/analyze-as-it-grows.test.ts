import { describe, expect, it } from "vitest";
import { analyzeAsItGrows } from "./analyze-as-it-grows.ts";
import type { Query } from "./database.ts";

describe("analyzeAsItGrows", () => {
  it("asks for statistics each time the rows have grown fourfold, and survives a refusal", async () => {
    const asked: string[] = [];
    const query: Query = async (text) => {
      asked.push(text);
      throw new Error("no");
    };
    const notice = analyzeAsItGrows(query);
    const counts: number[] = [];
    for (let rows = 0; rows < 7_000; rows += 50) {
      notice(50);
      counts.push(asked.length);
    }
    expect([50, 100, 350, 400, 1_600, 6_400].map((rows) => counts[rows / 50 - 1])).toEqual([0, 1, 1, 2, 3, 4]);
    expect(new Set(asked)).toEqual(new Set(["analyze pipeline_jobs, contents, job_stages, job_events"]));
  });
});
