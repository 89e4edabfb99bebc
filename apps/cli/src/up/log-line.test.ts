import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createColour } from "../colour.ts";
import { eachLine, readableLine } from "./log-line.ts";

const plain = createColour(false);

test("a JSON log line becomes time, level, message and fields", () => {
  const at = new Date("2026-01-02T03:04:05").getTime();
  const line = JSON.stringify({ level: 40, time: at, pid: 1, job_id: "j1", n: { a: 1 }, msg: "stage failed" });
  expect(readableLine(line, plain)).toBe('03:04:05 WARN  stage failed job_id=j1 n={"a":1}');
});

test("an error shows its message, a long field its beginning", () => {
  const line = JSON.stringify({
    level: 50,
    time: 0,
    err: { message: "no", stack: "…" },
    text: "x".repeat(500),
    msg: "m",
  });
  const shown = readableLine(line, plain);
  expect(shown).toContain("err=no");
  expect(shown.length).toBeLessThan(230);
});

test.each(["plain text", "{not json", '{"a":1}', ""])("%j stays as it is", (line) => {
  expect(readableLine(line, plain)).toBe(line);
});

test("colour is for terminals only", () => {
  const line = JSON.stringify({ level: 50, time: 0, msg: "m" });
  expect(readableLine(line, plain)).not.toContain("\u001b");
  expect(readableLine(line, createColour(true))).toContain("\u001b[31mERROR");
});

test("lines are whole however the stream cuts them, a character of several bytes included", async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  eachLine(stream, (line) => lines.push(line));
  for (const byte of Buffer.from("eins\nzwölf\n\nlast")) stream.write(Buffer.from([byte]));
  stream.end();
  await new Promise((resolve) => stream.once("close", resolve));
  expect(lines).toEqual(["eins", "zwölf", "", "last"]);
});
