import { expect, test } from "vitest";
import { examineMachine, judgeDisk, judgeNode } from "./examine-machine.ts";

test.each([
  ["18.20.8", "fatal"],
  ["20.19.9", "fatal"],
  ["20.20.0", "ok"],
  ["22.1.0", "ok"],
  ["100.0.0", "ok"],
])("Node.js %s: %s", (version, severity) => {
  expect(judgeNode(version).severity).toBe(severity);
});

test.each([
  [5e9, 50e9, "ok"],
  [0.99e9, 10e9, "warning"],
  [4e9, 100e9, "warning"],
  [1e9, 20e9, "ok"],
  [0, 0, "warning"],
])("%d of %d bytes free: %s", (freeBytes, totalBytes, severity) => {
  expect(judgeDisk({ folder: "/data", freeBytes, totalBytes }).severity).toBe(severity);
});

test("looks once at each file system, also for a folder that is not there yet", async () => {
  const disks = (await examineMachine(["/nowhere/at/all", "/nowhere/else", "/"])).filter(
    ({ check }) => check === "disk_space",
  );
  expect(disks.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^[\d.]+ GB \(\d+ %\) free for \/nowhere\/at\/all$/),
  ]);
});
