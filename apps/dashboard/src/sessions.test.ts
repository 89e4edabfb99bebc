import { expect, test } from "vitest";
import { createSessions } from "./sessions.ts";

const clock = { at: Date.parse("2026-01-01T00:00:00Z"), now: () => new Date(clock.at) };
const sessions = createSessions({ password: "correct horse", clock });

test("knows the password and nothing near it", () => {
  expect(sessions.isPassword("correct horse")).toBe(true);
  for (const wrong of ["", "correct horsf", "correct horse ", "Correct horse"])
    expect(sessions.isPassword(wrong)).toBe(false);
});

test("a token is good for its time and not a millisecond longer", () => {
  const token = sessions.issue();
  expect(sessions.isValid(token)).toBe(true);
  clock.at += sessions.ttlMs - 1;
  expect(sessions.isValid(token)).toBe(true);
  clock.at += 1;
  expect(sessions.isValid(token)).toBe(false);
});

test("a token survives a restart with the same password, not a change of it", () => {
  const token = sessions.issue();
  expect(createSessions({ password: "correct horse", clock }).isValid(token)).toBe(true);
  expect(createSessions({ password: "another", clock }).isValid(token)).toBe(false);
});

test("a changed or made-up token is refused", () => {
  const [expiresAtMs, signature] = sessions.issue().split(".");
  const forged = [
    undefined,
    "",
    ".",
    "x",
    `${Number(expiresAtMs) + 1}.${signature}`,
    `${expiresAtMs}.`,
    `${expiresAtMs}.AAAA`,
    `9e9.${signature}`,
  ];
  for (const token of forged) expect(sessions.isValid(token)).toBe(false);
});
