import { expect, test } from "vitest";
import { safeFileName } from "./content-folder.ts";

test.each([
  ["notes.md", "markdown", "notes.md"],
  ["Résumé (final).PDF", "pdf", "Resume-final.PDF"],
  ["../../etc/passwd", "text", "etc-passwd.txt"],
  ["..", "markdown", "content.md"],
  ["", "pdf", "content.pdf"],
  [".hidden", "text", "content.hidden"],
  ["日本語.md", "markdown", "content.md"],
  ["derived", "markdown", "derived.md"],
  ["a b\u0000c\n.txt", "text", "a-b-c.txt"],
  [`${"x".repeat(300)}.md`, "markdown", `${"x".repeat(100)}.md`],
] as const)("safeFileName(%j) of %s is %s", (name, type, safe) => {
  expect(safeFileName(name, type)).toBe(safe);
  expect(safe).toMatch(/^[A-Za-z0-9_-][A-Za-z0-9._-]*\.[A-Za-z0-9]+$/);
});
