import { expect, test } from "vitest";
import { type Finding, refuseUnfit } from "./fitness.ts";
import type { Log } from "./log.ts";

const findings: Finding[] = [
  { check: "a", severity: "ok", message: "fine" },
  { check: "b", severity: "warning", message: "Small.", fix: "Make it larger." },
  { check: "c", severity: "fatal", message: "Broken.", fix: "Mend it." },
  { check: "d", severity: "fatal", message: "Gone." },
];

function collect(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const write =
    (level: string) =>
    ({ check }: Readonly<Record<string, unknown>>, message: string): void => {
      lines.push(`${level} ${check} ${message}`);
    };
  const log: Log = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: () => log,
  };
  return { log, lines };
}

test("fatal findings are refused, each in a line of its own with what to do; warnings are logged", () => {
  const { log, lines } = collect();
  expect(() => refuseUnfit(findings, log, false)).toThrow(/:\n- c: Broken\. Mend it\.\n- d: Gone\.\nALLOW_UNFIT=true/);
  expect(lines).toEqual(["warn b Small."]);
});

test("overridden, it starts and says each fatal finding as an error", () => {
  const { log, lines } = collect();
  refuseUnfit(findings, log, true);
  expect(lines).toEqual(["warn b Small.", "error c running although: Broken.", "error d running although: Gone."]);
});

test("without a fatal finding nothing is refused", () => {
  const { log, lines } = collect();
  refuseUnfit(findings.slice(0, 2), log, false);
  refuseUnfit([], log, true);
  expect(lines).toEqual(["warn b Small."]);
});
