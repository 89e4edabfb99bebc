import { createPublicKey, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { bytesToSign, type SignableRequest } from "./bytes-to-sign.ts";
import { type InnerList, type Item, parseDictionary } from "./structured-fields.ts";

/** The test-request of RFC 9421, appendix B.2, as a server gets it. */
const request: SignableRequest = {
  method: "POST",
  target: "/foo?param=Value&Pet=dog",
  scheme: "https",
  host: "example.com",
  rawHeaders: [
    ["Host", "example.com"],
    ["Date", "Tue, 20 Apr 2021 02:07:55 GMT"],
    ["Content-Type", "application/json"],
    [
      "Content-Digest",
      "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
    ],
    ["Content-Length", "18"],
  ].flat(),
};

const inputOf = (text: string): InnerList => parseDictionary(`s=${text}`)?.get("s") as InnerList;

function baseOf(components: string, over: Partial<SignableRequest> = {}): string {
  const base = bytesToSign({ ...request, ...over }, inputOf(components));
  return "bytes" in base ? base.bytes.toString("latin1") : base.problem;
}

const firstLine = (components: string, over: Partial<SignableRequest> = {}): string | undefined =>
  baseOf(components, over).split("\n")[0];

describe("RFC 9421, B.2.6: a request signed with ed25519 (A2.7)", () => {
  const header =
    'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"';
  const signatureHeader =
    "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";
  const publicKey = createPublicKey({
    format: "jwk",
    key: { kty: "OKP", crv: "Ed25519", x: "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs" },
  });
  const memberOf = (text: string) => parseDictionary(text)?.get("sig-b26");
  const input = memberOf(header) as InnerList;
  const { value } = memberOf(signatureHeader) as Item;
  const signature = value as Uint8Array;

  it("has the signature base that the RFC prints", () => {
    const base = bytesToSign(request, input);
    expect("bytes" in base && base.bytes.toString()).toBe(
      [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@method": POST',
        '"@path": /foo',
        '"@authority": example.com',
        '"content-type": application/json',
        '"content-length": 18',
        '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
      ].join("\n"),
    );
  });

  it.each([
    ["as it is", {}, true],
    ["with another method", { method: "PUT" }, false],
    ["with another path", { target: "/bar?param=Value&Pet=dog" }, false],
    ["to another host", { host: "example.org" }, false],
    ["with another type", { rawHeaders: request.rawHeaders.map((v) => v.replace("json", "xml")) }, false],
    ["with a second date", { rawHeaders: [...request.rawHeaders, "date", "now"] }, false],
    ["with another query, which it does not cover", { target: "/foo?x" }, true],
  ])("is verified %s", (_, over, isRight) => {
    const base = bytesToSign({ ...request, ...over }, input);
    expect("bytes" in base && verify(null, base.bytes, publicKey, signature)).toBe(isRight);
  });
});

describe("bytesToSign", () => {
  it.each([
    ['("@method")', '"@method": POST'],
    ['("@target-uri")', '"@target-uri": https://example.com/foo?param=Value&Pet=dog'],
    ['("@authority")', '"@authority": example.com'],
    ['("@scheme")', '"@scheme": https'],
    ['("@request-target")', '"@request-target": /foo?param=Value&Pet=dog'],
    ['("@path")', '"@path": /foo'],
    ['("@query")', '"@query": ?param=Value&Pet=dog'],
    ['("content-type")', '"content-type": application/json'],
  ])("derives %s (A2.7)", (components, line) => {
    expect(firstLine(components)).toBe(line);
  });

  it("writes the authority in lower case without the scheme's own port", () => {
    expect(firstLine('("@authority")', { host: "EXAMPLE.com:443" })).toBe('"@authority": example.com');
    expect(firstLine('("@authority")', { host: "example.com:80" })).toBe('"@authority": example.com:80');
    expect(firstLine('("@authority")', { host: "example.com:80", scheme: "http" })).toBe('"@authority": example.com');
  });

  it("writes an absent query as a question mark", () => {
    expect(firstLine('("@query")', { target: "/foo" })).toBe('"@query": ?');
    expect(firstLine('("@query")', { target: "/foo?" })).toBe('"@query": ?');
  });

  it("joins a header's lines and keeps its bytes", () => {
    const rawHeaders = ["X-A", "  one \t", "x-b", "no", "x-a", "two \u00e9"];
    const base = bytesToSign({ ...request, rawHeaders }, inputOf('("x-a")'));
    expect("bytes" in base && base.bytes.subarray(0, 17)).toEqual(Buffer.from('"x-a": one, two \u00e9', "latin1"));
  });

  it.each([
    ["(1)", "no string"],
    ['("@method";req)', "parameters"],
    ['("@path" "@path")', "twice"],
    ['("@status")', "unknown"],
    ['("@signature-params")', "unknown"],
    ['("x-missing")', "not in the request"],
    ['("Date")', "not in the request"],
    ['("")', "not in the request"],
  ])("has none for %s", (components, why) => {
    expect(baseOf(components)).toContain(why);
  });
});
