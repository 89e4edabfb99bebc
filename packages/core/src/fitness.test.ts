import { expect, test } from "vitest";
import { type Finding, refuseUnfit, type StartCheck } from "./fitness.ts";
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

const check = async (over: Partial<StartCheck>): Promise<string[]> => {
  const { log, lines } = collect();
  await refuseUnfit({ looks: {}, findings: [], log, isOverridden: false, ...over });
  return lines;
};

test("fatal findings are refused, each in a line of its own with what to do; warnings are logged", async () => {
  const { log, lines } = collect();
  const refusal = refuseUnfit({ looks: { store: async () => findings }, findings: [], log, isOverridden: false });
  await expect(refusal).rejects.toThrow(/:\n- c: Broken\. → Mend it\.\n- d: Gone\.\nALLOW_UNFIT=true/);
  expect(lines).toEqual(["warn b Small."]);
});

test("what is known without looking counts as much", async () => {
  await expect(check({ findings })).rejects.toThrow("- c: Broken.");
});

test("overridden, it starts and says each fatal finding as an error", async () => {
  const lines = await check({ findings, isOverridden: true });
  expect(lines).toEqual(["warn b Small.", "error c running although: Broken.", "error d running although: Gone."]);
});

test("a store that is away is not judged, and the log says so", async () => {
  const away = (): Promise<Finding[]> => Promise.reject(new Error("no answer"));
  expect(await check({ looks: { queue: away } })).toEqual([
    "warn queue_reachable queue could not be checked: no answer",
  ]);
});

test("without a fatal finding nothing is refused", async () => {
  expect(await check({ findings: findings.slice(0, 2) })).toEqual(["warn b Small."]);
  expect(await check({})).toEqual([]);
});
