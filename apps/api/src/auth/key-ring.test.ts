import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSigningKey } from "@millrace/client";
import { collectLogs, until } from "@millrace/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type KeyRing, openKeyRing } from "./key-ring.ts";

const newKey = () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  return openSigningKey(privateKey.export({ format: "pem", type: "pkcs8" }).toString());
};
const [first, second] = [newKey(), newKey()];
const lineOf = ({ publicLine }: { readonly publicLine: string }) => `owner="acme" ${publicLine}\n`;

let folder: string;
const rings: KeyRing[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-keys-"));
});
afterEach(async () => {
  for (const ring of rings.splice(0)) ring.close();
  await rm(folder, { recursive: true });
});

/** As far as a test is concerned it reads again only when it is told to. */
const NEVER_MS = 2 ** 31 - 1;

async function open(path: string, readEveryMs = NEVER_MS) {
  const logs = collectLogs();
  const ring = await openKeyRing({ path, log: logs.log, readEveryMs });
  rings.push(ring);
  return { ring, lines: logs.lines };
}

describe("openKeyRing (A2.7)", () => {
  it("finds a key by its short id and by its fingerprint", async () => {
    const path = join(folder, "authorized_keys");
    await writeFile(path, lineOf(first) + lineOf(second));
    const { ring } = await open(path);
    const found = ring.find(first.keyId);
    expect(found).toMatchObject({ keyId: first.keyId, ownerName: "acme" });
    expect(ring.find(found?.fingerprint ?? "")).toBe(found);
    expect(ring.find(second.keyId)).toBeDefined();
    expect(ring.find(first.keyId.slice(0, -1))).toBeUndefined();
  });

  it("reads the .pub files of a folder and no others", async () => {
    await writeFile(join(folder, "a.pub"), lineOf(first));
    await writeFile(join(folder, "b.pub~"), lineOf(second));
    const { ring } = await open(folder);
    expect([ring.find(first.keyId)?.keyId, ring.find(second.keyId)]).toEqual([first.keyId, undefined]);
    await writeFile(join(folder, "b.pub"), lineOf(second));
    await ring.reload();
    expect(ring.find(second.keyId)).toBeDefined();
  });

  it("notices by itself that the file changed, also when it was replaced", async () => {
    const path = join(folder, "authorized_keys");
    await writeFile(path, lineOf(first));
    const { ring } = await open(path, 10);
    await writeFile(path, lineOf(first) + lineOf(second));
    await until(() => ring.find(second.keyId) !== undefined);
    await writeFile(`${path}.new`, lineOf(second));
    await rename(`${path}.new`, path);
    await until(() => ring.find(first.keyId) === undefined);
    expect(ring.find(second.keyId)).toBeDefined();
  });

  it.each([
    ["a wrong line", 'owner="a",shell ssh-ed25519 AAAA', ":1 has the unknown option shell"],
    ["a key that stands twice", lineOf(first) + lineOf(first), "stands twice"],
  ])("does not start with %s, and says where it is", async (_, text, why) => {
    const path = join(folder, "authorized_keys");
    await writeFile(path, text);
    await expect(open(path)).rejects.toThrow(why);
    await expect(open(path)).rejects.toThrow(path);
  });

  it("does not start without the file, nor with one that is no text of keys", async () => {
    await expect(open(join(folder, "none"))).rejects.toThrow("ENOENT");
    await mkdir(join(folder, "x.pub"));
    await expect(open(folder)).rejects.toThrow("EISDIR");
  });

  it("later a wrong line grants nothing and is logged once; the others count", async () => {
    const path = join(folder, "authorized_keys");
    await writeFile(path, lineOf(first));
    const { ring, lines } = await open(path);
    await writeFile(path, `nonsense\n${lineOf(second)}`);
    await ring.reload();
    await ring.reload();
    expect([ring.find(first.keyId), ring.find(second.keyId)?.keyId]).toEqual([undefined, second.keyId]);
    const errors = lines.filter(({ level }) => level === "error");
    expect(errors.map(({ fields }) => fields["problem"])).toEqual([expect.stringContaining(`${path}:1 `)]);
  });

  it("a file that is gone grants nothing until it is back", async () => {
    const path = join(folder, "authorized_keys");
    await writeFile(path, lineOf(first));
    const { ring } = await open(path);
    await rm(path);
    await ring.reload();
    expect(ring.find(first.keyId)).toBeUndefined();
    await writeFile(path, lineOf(first));
    await ring.reload();
    expect(ring.find(first.keyId)).toBeDefined();
  });
});
