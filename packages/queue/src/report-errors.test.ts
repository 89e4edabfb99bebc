import { collectLogs } from "@millrace/testing";
import { expect, test } from "vitest";
import { reportErrors } from "./report-errors.ts";

const refused = (): Error => Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:6379"), { code: "ECONNREFUSED" });

test("logs one kind of error once in ten seconds and says how many it left out", () => {
  const { log, lines } = collectLogs();
  let now = 0;
  const report = reportErrors(log, "lost", () => now);
  for (let i = 0; i < 50; i++) report(refused());
  now = 9_999;
  report(refused());
  expect(lines).toHaveLength(1);
  now = 10_000;
  report(refused());
  expect(lines.map((line) => line.fields["suppressed"])).toEqual([0, 50]);
});

test("a different error is logged at once, the same one about another ticket is not", () => {
  const { log, lines } = collectLogs();
  const report = reportErrors(log, "lost", () => 0);
  report(refused());
  report(new Error("could not renew lock for job yt_a.1.1"));
  report(new Error("could not renew lock for job yt_b.2.1"));
  expect(lines).toHaveLength(2);
});
