import { expect, test } from "vitest";
import { plainLine, plainParagraphs } from "./plain-text.ts";

test.each([
  ["%%c12 %%p0.1 45%%d", "Ø12 ±0.1 45°"],
  ["%%uunderlined%%u and %%oover%%O", "underlined and over"],
  ["100%%%", "100%"],
  ["%%065B", "AB"],
  ["a^Ib^ c^", "a\tb^c^"],
  ["  spaces  ", "spaces"],
  ["C:\\Plans\\A", "C:\\Plans\\A"],
])("the line %j shows %j", (source, text) => {
  expect(plainLine(source)).toBe(text);
});

test.each([
  ["first\\Psecond", "first\nsecond"],
  ["{\\fArial|b1|i0|c0|p34;bold} rest", "bold rest"],
  ["\\A1;\\C1;\\H2.5x;\\W0.8;\\Q15;\\T1.2;word", "word"],
  ["\\pxqc;centred", "centred"],
  ["\\Lunder\\l \\Oover\\o \\Kstruck\\k", "under over struck"],
  ["10\\S+0.1^-0.2;mm", "10+0.1/-0.2mm"],
  ["\\S1/2; and \\S3#4;", "1/2 and 3/4"],
  ["10\\S^-0.2;", "10-0.2"],
  ["\\{braces\\} and \\\\", "{braces} and \\"],
  ["a\\~b", "a\u00a0b"],
  ["column\\Nnext", "column\nnext"],
  ["%%c20", "Ø20"],
  ["unfinished \\H2.5x", "unfinished H2.5x"],
  ["ends in \\", "ends in \\"],
  ["{nested {\\C2;deep}}", "nested deep"],
])("the paragraphs %j say %j", (source, text) => {
  expect(plainParagraphs(source)).toBe(text);
});
