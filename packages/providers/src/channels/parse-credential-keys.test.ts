import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCredentialBox } from "./create-credential-box.ts";
import { CredentialError } from "./credential-error.ts";
import { parseCredentialKeys } from "./parse-credential-keys.ts";

const newText = () => randomBytes(32).toString("base64");
const place = { channelId: "nature", name: "notion_token" };

describe("parseCredentialKeys", () => {
  it("reads any 32 bytes, with an id or without", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        const [bare] = parseCredentialKeys({ current: text });
        const [named] = parseCredentialKeys({ current: ` autumn:${text}\n` });
        expect([bare?.key.export(), named?.key.export()]).toEqual([Buffer.from(bytes), Buffer.from(bytes)]);
        expect([bare?.id, named?.id]).toEqual([expect.stringMatching(/^[0-9a-f]{8}$/), "autumn"]);
      }),
    );
  });

  it("gives a key without an id always the same one, and every key one of its own", () => {
    const texts = Array.from({ length: 50 }, newText);
    const ids = () => texts.map((current) => parseCredentialKeys({ current })[0]?.id);
    expect(ids()).toEqual(ids());
    expect(new Set(ids()).size).toBe(texts.length);
  });

  it("puts the current key first, so that an exchange of keys needs no more than the settings", () => {
    const [old, older, current] = [newText(), `first:${newText()}`, newText()];
    const before = createCredentialBox({ keys: parseCredentialKeys({ current: older }) });
    const sealed = before.seal(place, "s3cret");
    const keys = parseCredentialKeys({ current, old: `${old}, ${older}` });
    expect(keys.map(({ id }) => id)).toEqual([keys[0]?.id, keys[1]?.id, "first"]);
    const resealed = createCredentialBox({ keys }).reseal(place, sealed);
    expect(createCredentialBox({ keys: parseCredentialKeys({ current }) }).open(place, resealed)).toBe("s3cret");
    expect(parseCredentialKeys({ current, old: " " })).toHaveLength(1);
  });

  it.each([
    ["nothing", ""],
    ["31 bytes", randomBytes(31).toString("base64")],
    ["33 bytes", randomBytes(33).toString("base64")],
    ["hexadecimal digits", randomBytes(32).toString("hex")],
    ["a character that is not base64", `*${newText().slice(1)}`],
    ["bits to spare that are set", `${Buffer.alloc(32).toString("base64").slice(0, -2)}B=`],
    ["an empty id", `:${newText()}`],
    ["an id with a dot", `a.b:${newText()}`],
    ["two ids", `a:b:${newText()}`],
  ])("refuses %s as a key, and shows nothing of it", (_, text) => {
    for (const settings of [{ current: text }, { current: newText(), old: `${newText()},${text}` }]) {
      const error = thrownBy(() => parseCredentialKeys(settings));
      expect(error.problem).toBe("key_invalid");
      for (const part of text.split(":").filter((one) => one.length > 8)) expect(inspect(error)).not.toContain(part);
    }
  });

  it("says which of the keys is wrong", () => {
    expect(() => parseCredentialKeys({ current: "x" })).toThrow("the current key");
    expect(() => parseCredentialKeys({ current: newText(), old: `${newText()},x` })).toThrow("old key 2");
    const twice = newText();
    expect(() => parseCredentialKeys({ current: `a:${twice}`, old: `a:${newText()}` })).toThrow(
      "two keys have the id a",
    );
    expect(() => parseCredentialKeys({ current: twice, old: twice })).toThrow("two keys have the id");
  });
});

function thrownBy(act: () => unknown): CredentialError {
  try {
    act();
  } catch (error) {
    if (error instanceof CredentialError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
