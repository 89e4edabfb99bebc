import { createSecretKey, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CredentialBox, type CredentialPlace, createCredentialBox } from "./create-credential-box.ts";
import { CredentialError } from "./credential-error.ts";
import type { CredentialKey } from "./parse-credential-keys.ts";

const newKey = (id: string): CredentialKey => ({ id, key: createSecretKey(randomBytes(32)) });
const [first, second] = [newKey("2026"), newKey("2025")];
const box = createCredentialBox({ keys: [first] });
const place: CredentialPlace = { channelId: "nature", name: "youtube_refresh_token" };

/** Text that UTF-8 can hold. */
const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 });
const places = fc.record({ channelId: text, name: text });

function problemOf(act: () => unknown): CredentialError {
  try {
    act();
  } catch (error) {
    if (error instanceof CredentialError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
const openProblem = (by: CredentialBox, at: CredentialPlace, sealed: string) =>
  problemOf(() => by.open(at, sealed)).problem;

describe("createCredentialBox (C2.6: credentials encrypted at rest)", () => {
  it("opens what it sealed, whatever the credential, the channel and the name are", () => {
    fc.assert(
      fc.property(places, text, (at, credential) => {
        const sealed = box.seal(at, credential);
        expect(sealed).toMatch(/^mc1\.2026\.[A-Za-z0-9_-]+$/);
        expect(box.open(at, sealed)).toBe(credential);
      }),
    );
  });

  it("seals alike credentials differently each time", () => {
    const sealed = Array.from({ length: 200 }, () => box.seal(place, "s3cret"));
    expect(new Set(sealed).size).toBe(sealed.length);
  });

  it("opens a sealed text nowhere but at its channel and name", () => {
    fc.assert(
      fc.property(places, places, (a, b) => {
        fc.pre(a.channelId !== b.channelId || a.name !== b.name);
        expect(openProblem(box, b, box.seal(a, "s3cret"))).toBe("not_authentic");
      }),
    );
  });

  it("keeps channel and name apart where they would be the same when joined", () => {
    const joins = ["", "_", ".", ":", "/", ",", '"', '","', "\0"];
    for (const join of joins) {
      const sealed = box.seal({ channelId: `a${join}b`, name: "c" }, "s3cret");
      expect(openProblem(box, { channelId: "a", name: `b${join}c` }, sealed), join).toBe("not_authentic");
    }
  });

  it("refuses a sealed text of which any one character was changed, left out or added", () => {
    const alphabet = fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n");
    const sealed = box.seal(place, "1//0refresh-token");
    fc.assert(
      fc.property(fc.nat(sealed.length), alphabet, fc.nat(1), (at, character, taken) => {
        const changed = sealed.slice(0, at) + character + sealed.slice(at + taken);
        fc.pre(changed !== sealed);
        expect(["not_sealed", "key_unknown", "not_authentic"]).toContain(openProblem(box, place, changed));
      }),
      { numRuns: 1_000 },
    );
    for (let end = 0; end < sealed.length; end++)
      expect(["not_sealed", "not_authentic"]).toContain(openProblem(box, place, sealed.slice(0, end)));
  });

  it("refuses the bits to spare of the last character", () => {
    const sealed = box.seal(place, "a");
    const last = sealed.at(-1) ?? "";
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const others = [...alphabet].filter((character) => character !== last);
    for (const character of others)
      expect(() => box.open(place, sealed.slice(0, -1) + character)).toThrow(CredentialError);
  });

  it("knows a key that is not there from another key with the same id", () => {
    const sealed = box.seal(place, "s3cret");
    expect(openProblem(createCredentialBox({ keys: [second] }), place, sealed)).toBe("key_unknown");
    expect(openProblem(createCredentialBox({ keys: [newKey("2026")] }), place, sealed)).toBe("not_authentic");
  });

  it("refuses a text whose key id was exchanged for one with the same key", () => {
    const twins = createCredentialBox({ keys: [first, { id: "twin", key: first.key }] });
    const sealed = twins.seal(place, "s3cret");
    expect(openProblem(twins, place, sealed.replace("mc1.2026.", "mc1.twin."))).toBe("not_authentic");
  });

  it.each(["", "s3cret", "mc1..AAAA", "mc1.2026.", "mc2.2026.AAAA", "mc1.2026.AAAA.AAAA"])(
    "does not take %j for sealed",
    (sealed) => {
      expect(openProblem(box, place, sealed)).toBe("not_sealed");
    },
  );

  it("seals no empty, oversized or malformed credential, and none without a place", () => {
    for (const credential of ["", "x".repeat(16 * 1024 + 1), "half \ud83d pair"])
      expect(problemOf(() => box.seal(place, credential)).problem).toBe("not_sealable");
    for (const at of [
      { ...place, channelId: "" },
      { ...place, name: "" },
    ])
      expect(problemOf(() => box.seal(at, "s3cret")).problem).toBe("not_sealable");
    expect(box.open(place, box.seal(place, "x".repeat(16 * 1024)))).toHaveLength(16 * 1024);
  });

  it.each([
    ["no key", []],
    ["a short key", [{ id: "a", key: createSecretKey(randomBytes(16)) }]],
    ["an id with a dot", [newKey("a.b")]],
    ["two keys of one id", [newKey("a"), newKey("a")]],
  ])("is not made with %s", (_, keys) => {
    expect(problemOf(() => createCredentialBox({ keys })).problem).toBe("key_invalid");
  });
});

describe("a change of keys", () => {
  const before = createCredentialBox({ keys: [second] });
  const during = createCredentialBox({ keys: [first, second] });

  it("seals with the first key and opens with all of them", () => {
    const old = before.seal(place, "s3cret");
    expect(during.open(place, old)).toBe("s3cret");
    expect(box.open(place, during.seal(place, "s3cret"))).toBe("s3cret");
  });

  it("seals anew so that the old key can go, and leaves alone what is sealed with the first", () => {
    fc.assert(
      fc.property(places, text, (at, credential) => {
        const resealed = during.reseal(at, before.seal(at, credential));
        expect(box.open(at, resealed)).toBe(credential);
        expect(during.reseal(at, resealed)).toBe(resealed);
      }),
    );
  });

  it("does not seal anew what does not open: no forgery becomes authentic", () => {
    const elsewhere = { ...place, channelId: "other" };
    for (const by of [before, during])
      expect(problemOf(() => during.reseal(elsewhere, by.seal(place, "s3cret"))).problem).toBe("not_authentic");
  });
});

describe("what is shown (C2.6: never logged)", () => {
  it("no error, and no print of box or keys, holds a credential, a key or a sealed text", () => {
    const credential = "1//0-very-secret-refresh-token";
    const sealed = box.seal(place, credential);
    const errors = [
      () => box.open({ ...place, name: "other" }, sealed),
      () => createCredentialBox({ keys: [second] }).open(place, sealed),
      () => box.open(place, `${sealed}A`),
      () => box.open(place, credential),
      () => box.seal({ ...place, name: "" }, credential),
      () => box.seal(place, `${credential}\ud83d`),
      () => box.seal(place, credential.repeat(1_000)),
      () => createCredentialBox({ keys: [first, first] }),
    ].map(problemOf);
    const shown = [...errors, box, [first, second]]
      .flatMap((one) => [inspect(one, { depth: 10, showHidden: true }), JSON.stringify(one), String(one)])
      .join("\n");
    expect(shown).toContain("youtube_refresh_token");
    const secrets = [first, second].map(({ key }) => key.export());
    const encodings = secrets.flatMap((key) => (["base64", "base64url", "hex"] as const).map((to) => key.toString(to)));
    for (const secret of [credential, sealed, sealed.slice(-20), ...encodings]) expect(shown).not.toContain(secret);
  });
});
