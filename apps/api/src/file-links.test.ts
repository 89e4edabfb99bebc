import { createSecretKey, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFileLinks, type LinkedFile } from "./file-links.ts";

const newKey = (id: string) => ({ id, key: createSecretKey(randomBytes(32)) });
const [first, second] = [newKey("a"), newKey("b")];
const links = createFileLinks([first]);
const NOW = new Date("2026-11-22T10:00:00Z");
const file: LinkedFile = {
  task_id: "0f8fad5b-d9cb-469f-a165-70867728950e",
  step: "assets",
  unit: "characters/01",
  sha256: "ab".repeat(32),
  expires: NOW.getTime() / 1_000 + 60,
};

describe("C-Q24 a signed link", () => {
  it("leads to its file until its time is over", () => {
    const token = links.sign(file);
    expect(links.open(token, NOW)).toEqual(file);
    expect(links.open(token, new Date(NOW.getTime() + 59_999))).toEqual(file);
    expect(links.open(token, new Date(NOW.getTime() + 60_000))).toBeUndefined();
  });

  it("leads nowhere when any of it was changed", () => {
    const token = links.sign(file);
    const characters = fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= ");
    fc.assert(
      fc.property(fc.nat(token.length - 2), characters, (at, character) => {
        fc.pre(token[at] !== character);
        expect(links.open(token.slice(0, at) + character + token.slice(at + 1), NOW)).toBeUndefined();
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => links.open(text, NOW) === undefined));
  });

  it("opens as long as its key is among the keys", () => {
    const token = links.sign(file);
    expect(createFileLinks([second, first]).open(token, NOW)).toEqual(file);
    expect(createFileLinks([second]).open(token, NOW)).toBeUndefined();
  });
});
