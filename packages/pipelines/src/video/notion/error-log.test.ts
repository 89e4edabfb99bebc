import fc from "fast-check";
import { expect, it } from "vitest";
import { appendToLog, type LogEntry, MAX_LOG_LENGTH, newNotes } from "./error-log.ts";

const at = new Date("2026-03-01T10:00:00.000Z");
const line = "[2026-03-01T10:00:00.000Z] Millrace: assets: no answer";
const entry: LogEntry = { at, message: "assets: no answer" };
const entries = fc.array(
  fc.record({
    at: fc.date({ min: new Date("2020-01-01"), max: new Date("2030-01-01"), noInvalidDate: true }),
    message: fc.string(),
    isRemark: fc.boolean(),
  }),
);

it("C-Q19 appends, on one line with its time", () => {
  expect(appendToLog("", [entry])).toBe(line);
  expect(appendToLog("my note", [{ ...entry, message: " assets:\nno   answer " }])).toBe(`my note\n${line}`);
});

it("C-Q19 keeps everything that was there, whoever wrote it, and appending again changes nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "\n", " ", "[", "é") }), entries, (log, list) => {
      const grown = appendToLog(log, list);
      expect(grown.startsWith(log)).toBe(true);
      const lasting = list.map((each) => ({ ...each, isRemark: false }));
      const once = appendToLog(log, lasting);
      expect(appendToLog(once, lasting)).toBe(once);
    }),
  );
});

it("says a remark once, and again after something else", () => {
  const remark = { at, message: "Topic is missing", isRemark: true };
  const later = { ...remark, at: new Date("2026-03-01T11:00:00.000Z") };
  const once = appendToLog("", [remark]);
  expect(appendToLog(`${once}\na note`, [later])).toBe(`${once}\na note`);
  expect(appendToLog(appendToLog(once, [entry]), [later]).split("\n")).toHaveLength(3);
});

it("keeps two failures with the same words apart by their times", () => {
  const later = { ...entry, at: new Date("2026-03-01T11:00:00.000Z") };
  expect(appendToLog("", [entry, later, entry]).split("\n")).toHaveLength(2);
});

it("C2.5 when the property is full, our oldest lines go and people's stay", () => {
  const many = Array.from({ length: 200 }, (_, i) => ({ at: new Date(at.getTime() + i), message: "x".repeat(1_500) }));
  const log = appendToLog("first note", many);
  expect(log.length).toBeLessThanOrEqual(MAX_LOG_LENGTH);
  expect(log.length).toBeGreaterThan(MAX_LOG_LENGTH - 2_000);
  expect(log.startsWith("first note\n")).toBe(true);
  expect(log).toContain("10:00:00.199Z");
  expect(log).not.toContain("10:00:00.000Z");
});

it("finds what people wrote since", () => {
  const seen = `old note\n${line}`;
  expect(newNotes(seen, seen)).toBe("");
  expect(newNotes(`new one\n${seen}\nand another`, seen)).toBe("new one\nand another");
  expect(newNotes(`${seen}\nold note`, seen)).toBe("old note");
  expect(newNotes(`${seen}\n[2026-03-02T10:00:00.000Z] Millrace: more`, seen)).toBe("");
});
