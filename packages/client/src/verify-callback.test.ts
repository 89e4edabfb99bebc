import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { CallbackRefused, type RefusalReason, verifyCallback } from "./verify-callback.ts";

const newSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;
const now = new Date();
const sentAt = new Date(Math.floor(now.getTime() / 1000) * 1000);

function message(secret: string, over: { at?: Date; body?: string; id?: string } = {}) {
  const id = over.id ?? randomUUID();
  const at = over.at ?? sentAt;
  const body =
    over.body ?? JSON.stringify({ schema_version: "1", callback_event_id: id, type: "callback.test", timestamp: at });
  // signed by the public reference library
  const signature = new Webhook(secret).sign(id, at, body);
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(at.getTime() / 1000),
    "webhook-signature": signature,
  };
  return { id, body, headers };
}

function refusal(work: () => unknown): RefusalReason | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof CallbackRefused) return error.reason;
    throw error;
  }
  return undefined;
}

const secret = newSecret();
const options = { now: () => now };

describe("verifyCallback", () => {
  it("A-Q11 believes what the reference library signed, as text, as bytes, in any kind of headers", () => {
    const { id, body, headers } = message(secret);
    const shouted = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
    for (const given of [headers, new Headers(headers), shouted]) {
      expect(verifyCallback(body, given, secret, options)).toMatchObject({
        callback_event_id: id,
        type: "callback.test",
      });
      expect(verifyCallback(Buffer.from(body), given, [secret], options)).toMatchObject({ callback_event_id: id });
    }
  });

  it("knows a secret without its prefix, as the reference library does", () => {
    const { body, headers } = message(secret);
    expect(refusal(() => verifyCallback(body, headers, secret.slice("whsec_".length), options))).toBeUndefined();
  });

  it("notices a single byte, wherever it is", () => {
    const { body, headers } = message(secret);
    for (let at = 0; at < body.length; at++) {
      const bytes = Buffer.from(body);
      bytes[at]! ^= 1;
      expect(
        refusal(() => verifyCallback(bytes, headers, secret, options)),
        `byte ${at}`,
      ).toBe("signature");
    }
    for (const name of ["webhook-id", "webhook-timestamp"] as const) {
      const changed = { ...headers, [name]: headers[name].replace(/.$/, (c) => (c === "1" ? "2" : "1")) };
      expect(
        refusal(() => verifyCallback(body, changed, secret, options)),
        name,
      ).toBe("signature");
    }
  });

  it("D-7 refuses what was sent too long ago or is from the future", () => {
    for (const [seconds, reason] of [
      [299, undefined],
      [301, "timestamp"],
      [-298, undefined],
      [-302, "timestamp"],
    ] as const) {
      const { body, headers } = message(secret, { at: new Date(sentAt.getTime() - seconds * 1000) });
      expect(
        refusal(() => verifyCallback(body, headers, secret, { now: () => sentAt })),
        `${seconds}`,
      ).toBe(reason);
    }
    const { body, headers } = message(secret, { at: new Date(sentAt.getTime() - 20_000) });
    expect(refusal(() => verifyCallback(body, headers, secret, { ...options, toleranceSeconds: 10 }))).toBe(
      "timestamp",
    );
  });

  it("believes no other secret, and either one while they change", () => {
    const [before, after] = [newSecret(), newSecret()];
    const { body, headers } = message(after);
    expect(refusal(() => verifyCallback(body, headers, before, options))).toBe("signature");
    expect(refusal(() => verifyCallback(body, headers, [before, after], options))).toBeUndefined();
    const old = message(before, { id: headers["webhook-id"], body }).headers["webhook-signature"];
    const both = { ...headers, "webhook-signature": `${headers["webhook-signature"]} ${old}` };
    for (const one of [before, after]) expect(refusal(() => verifyCallback(body, both, one, options))).toBeUndefined();
  });

  it("is not misled by headers that make no sense", () => {
    const { body, headers } = message(secret);
    for (const name of Object.keys(headers)) {
      expect(refusal(() => verifyCallback(body, { ...headers, [name]: undefined }, secret, options))).toBe("headers");
      expect(refusal(() => verifyCallback(body, { ...headers, [name]: "" }, secret, options))).toBe("headers");
    }
    for (const time of ["now", "-1", "1e9", " 1", "9".repeat(13)]) {
      const changed = { ...headers, "webhook-timestamp": time };
      expect(
        refusal(() => verifyCallback(body, changed, secret, options)),
        time,
      ).toBe("headers");
    }
    const bare = headers["webhook-signature"].slice(3);
    for (const signature of ["v1", "v1,", `v2,${bare}`, bare, `v1a,${bare}`, "v1,AAAA", " ", "v1,é"]) {
      const changed = { ...headers, "webhook-signature": signature };
      expect(
        refusal(() => verifyCallback(body, changed, secret, options)),
        signature,
      ).toBe("signature");
    }
  });

  it("never takes an empty secret for one", () => {
    const { id, body, headers } = message(secret);
    const forged = createHmac("sha256", "").update(`${id}.${headers["webhook-timestamp"]}.${body}`).digest("base64");
    const with_ = { ...headers, "webhook-signature": `v1,${forged}` };
    for (const empty of ["", "whsec_"]) expect(() => verifyCallback(body, with_, empty, options)).toThrow(TypeError);
    expect(refusal(() => verifyCallback(body, with_, [], options))).toBe("signature");
  });

  it("refuses a signed body that is none of ours", () => {
    for (const body of [
      "no json",
      "null",
      "7",
      '{"schema_version":"2"}',
      '{"schema_version":"1","callback_event_id":"other"}',
    ]) {
      const { headers } = message(secret, { body });
      expect(
        refusal(() => verifyCallback(body, headers, secret, options)),
        body,
      ).toBe("body");
    }
  });
});
