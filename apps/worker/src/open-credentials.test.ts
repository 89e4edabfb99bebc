import { randomBytes } from "node:crypto";
import { createCredentialBox, parseCredentialKeys } from "@millrace/providers";
import { collectLogs } from "@millrace/testing";
import { expect, it } from "vitest";
import { openCredentials } from "./open-credentials.ts";

const key = () => randomBytes(32).toString("base64");
const place = { channelId: "0199aaaa-0000-7000-8000-00000000000a", name: "youtube_refresh_token" };
const SECRET = "1//a-refresh-token";

function opening(keys: string | undefined, sealed: string | undefined) {
  const logs = collectLogs();
  const open = openCredentials(keys, { credentials: { findCredential: async () => sealed }, log: logs.log });
  return { logs, open: () => open(place.channelId, place.name) };
}

it("opens what was sealed with any of the keys", async () => {
  const [current, old] = [key(), key()];
  const sealed = createCredentialBox({ keys: parseCredentialKeys({ current: old }) }).seal(place, SECRET);
  expect(await opening(`${current},${old}`, sealed).open()).toBe(SECRET);
  expect(await opening(current, undefined).open()).toBeNull();
});

it("what does not open is none, said once and without a part of it", async () => {
  const sealed = createCredentialBox({ keys: parseCredentialKeys({ current: key() }) }).seal(place, SECRET);
  for (const keys of [key(), undefined]) {
    const { open, logs } = opening(keys, sealed);
    expect([await open(), await open()]).toEqual([null, null]);
    expect(logs.lines).toMatchObject([
      { level: "error", fields: { channel: place.channelId, problem: "key_unknown" } },
    ]);
    const said = JSON.stringify(logs.lines);
    for (const part of [SECRET, sealed.slice(20), ...(keys === undefined ? [] : [keys])])
      expect(said).not.toContain(part);
  }
});

it("keys that are none are refused at the start", () => {
  expect(() => opening("not a key", undefined)).toThrow("must be base64 of 32 bytes");
});
