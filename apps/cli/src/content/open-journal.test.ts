import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openJournal } from "./open-journal.ts";

const A = "0197a6f0-0000-7000-8000-00000000000a";
const B = "0197a6f0-0000-7000-8000-00000000000b";
const RUN = ["reprocess", "http://localhost", { all: true }];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-journal-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("tells the next run what is done, and only a run of the same kind", () => {
  const first = openJournal(folder, RUN, false);
  expect([first.done.size, first.since]).toEqual([0, null]);
  first.note(A);
  first.note(B);
  expect([...openJournal(folder, RUN, false).done]).toEqual([A, B]);
  expect(openJournal(folder, ["reprocess", "http://other", { all: true }], false).done.size).toBe(0);
});

it("leaves out a line that a kill has cut, and does not spoil the next one", () => {
  openJournal(folder, RUN, false).note(A);
  appendFileSync(join(folder, readdirSync(folder)[0]!), B.slice(0, 20));
  openJournal(folder, RUN, false).note(B);
  expect([...openJournal(folder, RUN, false).done]).toEqual([A, B]);
});

it("begins anew after a run that is closed or restarted", () => {
  openJournal(folder, RUN, false).note(A);
  expect(openJournal(folder, RUN, true).done.size).toBe(0);
  const journal = openJournal(folder, RUN, false);
  journal.note(B);
  journal.close();
  expect(readdirSync(folder)).toEqual([]);
});
