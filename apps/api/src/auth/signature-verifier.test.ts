import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type OutgoingHttpHeaders, request as send } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { openSigningKey, type SigningKey, signRequest } from "@millrace/client";
import { silentLog } from "@millrace/core";
import type { KeyStore } from "@millrace/db";
import { settableClock } from "@millrace/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestApi, type TestApi } from "../test-api.fixture.ts";
import { type KeyRing, openKeyRing } from "./key-ring.ts";
import { signatureVerifier } from "./signature-verifier.ts";
import { parseDictionary } from "./structured-fields.ts";

const newKey = (): SigningKey => {
  const { privateKey } = generateKeyPairSync("ed25519");
  return openSigningKey(privateKey.export({ format: "pem", type: "pkcs8" }).toString());
};
const own = newKey();
const reader = newKey();
const admin = newKey();
const orphan = newKey();
const late = newKey();
const unknown = newKey();

const clock = settableClock("2026-05-01T12:00:00Z");
const nowSeconds = (): number => clock.now().getTime() / 1_000;
const LINES = [
  `owner="own" ${own.publicLine} laptop`,
  `owner="own",scopes="jobs:read" ${reader.publicLine}`,
  `owner="foreign",admin ${admin.publicLine}`,
  `owner="nobody" ${orphan.publicLine}`,
];

let folder: string;
let keysFile: string;
let ring: KeyRing;
let api: TestApi;
let behindProxy: TestApi;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-signatures-"));
  keysFile = join(folder, "authorized_keys");
  await writeFile(keysFile, LINES.join("\n"));
  ring = await openKeyRing({ path: keysFile, log: silentLog });
  const verifiers =
    (publicUrl?: string) =>
    ({ findOwner }: Pick<KeyStore, "findOwner">) => [
      signatureVerifier({ findKey: ring.find, findOwner, clock, publicUrl }),
    ];
  api = await startTestApi({}, verifiers());
  behindProxy = await startTestApi({}, verifiers("https://millrace.example"));
});
afterAll(async () => {
  await Promise.all([api?.close(), behindProxy?.close()]);
  ring?.close();
  await rm(folder, { recursive: true });
});

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
  readonly to?: TestApi;
}

interface Answered {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read any field
  readonly body: any;
}

/** Sends exactly these headers, Host included, which fetch would not. */
function ask({ method = "GET", path = "/api/v1/jobs", headers = {}, body, to = api }: Sent): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const sent = send(to.url, { method, path, headers: { ...length, ...headers } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part)).on("error", reject);
      answer.on("end", () => {
        resolve({ status: answer.statusCode ?? 0, body: JSON.parse(Buffer.concat(parts).toString()) });
      });
    });
    sent.on("error", reject).end(body);
  });
}

type Signed = Sent & { readonly key?: SigningKey; readonly origin?: string };

/** The request with the headers that sign it. */
function signed({ key = own, origin = api.url, ...sent }: Signed = {}): Sent {
  const { method = "GET", path = "/api/v1/jobs", headers = {}, body } = sent;
  const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const request = { method, url: origin + path, headers: given, ...(body !== undefined && { body }) };
  return { ...sent, headers: { ...headers, ...signRequest(request, key, clock.now()) } };
}

/** Signs what a caller of another mind would: any components, any parameters. Values of components as they should be. */
function signedBy(key: KeyObject, components: readonly (readonly [string, string])[], parameters: string, label = "s") {
  const input = `(${components.map(([name]) => `"${name}"`).join(" ")})${parameters}`;
  const lines = [...components, ["@signature-params", input]].map(([name, value]) => `"${name}": ${value}`);
  const signature = sign(null, Buffer.from(lines.join("\n")), key).toString("base64");
  return { "signature-input": `${label}=${input}`, signature: `${label}=:${signature}:` };
}

const host = (): string => new URL(api.url).host;
const GET = (): (readonly [string, string])[] => [
  ["@method", "GET"],
  ["@authority", host()],
  ["@path", "/api/v1/jobs"],
];
const parametersOf = (key: SigningKey, more = ""): string => `;created=${nowSeconds()};keyid="${key.keyId}"${more}`;

const submission = (key: string) => JSON.stringify({ pipeline: "sample", input: { key } });
const JSON_TYPE = { "content-type": "application/json" };
const rejection = (field: string, rule: string) => ({
  status: 401,
  body: expect.objectContaining({ code: "UNAUTHENTICATED", errors: [expect.objectContaining({ field, rule })] }),
});

describe("signed requests (A-Q16, A2.7)", () => {
  it("are the key's owner's: what a signed request submits its owner's API key sees", async () => {
    const request = signed({ method: "POST", headers: JSON_TYPE, body: submission("signed") });
    const { status, body } = await ask(request);
    expect(status).toBe(202);
    expect((await api.call("readJob", { params: { id: body.job_id } })).status).toBe(200);
    expect((await api.call("readJob", { key: api.keys.foreign, params: { id: body.job_id } })).status).toBe(404);
    expect((await ask(signed({ path: `/api/v1/jobs/${body.job_id}?verbose=true` }))).status).toBe(200);
  });

  it("name their key in history and audit", async () => {
    const { body } = await ask(signed({ method: "POST", headers: JSON_TYPE, body: submission("audited") }));
    expect((await ask(signed({ method: "POST", path: `/api/v1/jobs/${body.job_id}/cancel` }))).status).toBe(200);
    const audits = await api.audits();
    expect(audits.find(({ job_id }) => job_id === body.job_id)).toMatchObject({ actor: `key:${own.keyId}` });
  });

  it("may do what the key's line says", async () => {
    expect((await ask(signed({ key: reader }))).status).toBe(200);
    const forbidden = await ask(signed({ key: reader, method: "POST", headers: JSON_TYPE, body: submission("no") }));
    expect([forbidden.status, forbidden.body.code]).toEqual([403, "FORBIDDEN"]);
    const { body } = await ask(signed({ method: "POST", headers: JSON_TYPE, body: submission("seen by the admin") }));
    expect((await ask(signed({ key: admin, path: `/api/v1/jobs/${body.job_id}` }))).status).toBe(200);
  });

  it("leave API keys as they are", async () => {
    expect((await api.call("listJobs")).status).toBe(200);
    expect((await api.call("listJobs", { key: null })).body.errors).toBeUndefined();
    expect((await ask({ headers: { signature: "s=:AAAA:" } })).status).toBe(401);
  });

  it("count for the address that callers use, whatever a proxy made of it", async () => {
    const origin = "https://millrace.example";
    const target = [...GET().slice(0, 1), ["@target-uri", `${origin}/api/v1/jobs?limit=1`]] as [string, string][];
    const path = "/api/v1/jobs?limit=1";
    const headers = signedBy(own.privateKey, target, parametersOf(own));
    expect(await ask({ to: behindProxy, path, headers })).toMatchObject({ status: 200 });
    expect((await ask(signed({ to: behindProxy, origin }))).status).toBe(200);
    expect(await ask(signed({ to: behindProxy }))).toMatchObject(rejection("signature", "mismatch"));
    expect(await ask({ path, headers })).toMatchObject(rejection("signature", "mismatch"));
  });
});

describe("a signature is refused (A2.7)", () => {
  const post = () => signed({ method: "POST", headers: JSON_TYPE, body: submission("refused") });

  it.each<[string, (sent: Sent) => Sent, [string, string]]>([
    ["with another method", (sent) => ({ ...sent, method: "GET" }), ["signature", "mismatch"]],
    ["with another path", (sent) => ({ ...sent, path: "/api/v1/ingest" }), ["signature", "mismatch"]],
    ["with another query", (sent) => ({ ...sent, path: "/api/v1/jobs?limit=2" }), ["signature", "mismatch"]],
    [
      "with another host",
      (sent) => ({ ...sent, headers: { ...sent.headers, host: "other.example" } }),
      ["signature", "mismatch"],
    ],
    [
      "with another type",
      (sent) => ({ ...sent, headers: { ...sent.headers, "content-type": "application/json; charset=utf-8" } }),
      ["signature", "mismatch"],
    ],
    ["with another body", (sent) => ({ ...sent, body: submission("refuseD") }), ["content-digest", "mismatch"]],
    [
      "with another body and its digest",
      (sent) => {
        const body = submission("refuseD");
        const digest = createHash("sha256").update(body).digest("base64");
        return { ...sent, body, headers: { ...sent.headers, "content-digest": `sha-256=:${digest}:` } };
      },
      ["signature", "mismatch"],
    ],
    ["with its body taken away", ({ body: _, ...sent }) => sent, ["content-digest", "mismatch"]],
  ])("%s", async (_, tamper, [field, rule]) => {
    expect(await ask(tamper(post()))).toMatchObject(rejection(field, rule));
    expect((await ask(post())).status).toBe(202);
  });

  it("by another key, by one that nobody knows, by one whose owner does not exist", async () => {
    const stolen = signed({ key: { ...unknown, keyId: own.keyId } });
    expect(await ask(stolen)).toMatchObject(rejection("signature", "mismatch"));
    expect(await ask(signed({ key: unknown }))).toMatchObject(rejection("signature-input", "keyid"));
    expect(await ask(signed({ key: orphan }))).toMatchObject(rejection("signature-input", "keyid"));
  });

  it.each<[string, string, string]>([
    ["made too long ago", ";created=-301", "created"],
    ["made in the future", ";created=+301", "created"],
    ["without a time", "", "created"],
    ["whose time is no number", ';created="now"', "created"],
    ["that has expired", ";created=-10;expires=-1", "expires"],
    ["whose end is no number", ";created=0;expires=tomorrow", "expires"],
    ["of another algorithm", ';created=0;alg="hmac-sha256"', "alg"],
    ["of an unknown algorithm", ';created=0;alg="none"', "alg"],
    ["with a nonce that is no string", ";created=0;nonce=1", "nonce"],
    ["with an endless nonce", `;created=0;nonce="${"n".repeat(129)}"`, "nonce"],
  ])("%s", async (_, template, rule) => {
    const relative = (text: string) =>
      text.replaceAll(/(created|expires)=([+-]?\d+)/g, (_all, name, by) => `${name}=${nowSeconds() + Number(by)}`);
    const headers = signedBy(own.privateKey, GET(), `${relative(template)};keyid="${own.keyId}"`);
    expect(await ask({ headers })).toMatchObject(rejection("signature-input", rule));
  });

  it("at neither edge of the clock window, nor before it expires", async () => {
    for (const by of [-300, 300]) {
      const parameters = `;created=${nowSeconds() + by};expires=${nowSeconds() + 1};keyid="${own.keyId}";alg="ed25519"`;
      expect((await ask({ headers: signedBy(own.privateKey, GET(), parameters) })).status).toBe(200);
    }
  });

  it.each<[string, number[], string]>([
    ["@method", [1, 2], ""],
    ["@authority", [0, 2], ""],
    ["@path", [0, 1], ""],
    ["@query", [0, 1, 2], "?limit=1"],
  ])("that does not cover %s", async (name, covered, query) => {
    const components = GET().filter((_, n) => covered.includes(n));
    const headers = signedBy(own.privateKey, components, parametersOf(own));
    const answer = await ask({ headers, path: `/api/v1/jobs${query}` });
    expect(answer).toMatchObject(rejection("signature-input", "components"));
    expect(answer.body.detail).toContain(name);
  });

  it("of a request with a body whose digest it does not cover", async () => {
    const components = [["@method", "POST"], ...GET().slice(1)] as [string, string][];
    const headers = { ...JSON_TYPE, ...signedBy(own.privateKey, components, parametersOf(own)) };
    const answer = await ask({ method: "POST", headers, body: submission("uncovered") });
    expect(answer).toMatchObject(rejection("signature-input", "components"));
    expect(answer.body.detail).toContain("content-digest");
  });

  it("whose digest nobody can check", async () => {
    const components = [["@method", "POST"], ...GET().slice(1), ["content-digest", "md5=:AAAA:"]] as [string, string][];
    const headers = { ...JSON_TYPE, ...signedBy(own.privateKey, components, parametersOf(own)) };
    const sent = { method: "POST", headers: { ...headers, "content-digest": "md5=:AAAA:" }, body: submission("md5") };
    expect(await ask(sent)).toMatchObject(rejection("content-digest", "malformed"));
  });

  it("the second time its nonce comes, while the signature is good", async () => {
    const request = signed();
    expect((await ask(request)).status).toBe(200);
    expect(await ask(request)).toMatchObject(rejection("signature-input", "nonce"));
    const without = { headers: signedBy(own.privateKey, GET(), parametersOf(own)) };
    expect([(await ask(without)).status, (await ask(without)).status]).toEqual([200, 200]);
  });
});

describe("several signatures", () => {
  const both = (one: Record<string, string>, other: Record<string, string>) => ({
    headers: {
      "signature-input": [one["signature-input"], other["signature-input"]].join(", "),
      signature: [other["signature"], one["signature"]].join(", "),
    },
  });

  it("the one whose key is known counts, a proxy's is passed over", async () => {
    const proxy = signedBy(unknown.privateKey, [["@method", "GET"]], `;created=1;keyid="proxy"`, "proxy");
    const ours = signedBy(own.privateKey, GET(), parametersOf(own), "ours");
    expect((await ask(both(proxy, ours))).status).toBe(200);
    expect((await ask(both(ours, proxy))).status).toBe(200);
  });

  it("one right one is enough, and takes nothing from the other", async () => {
    const wrong = signedBy(unknown.privateKey, GET(), parametersOf(admin), "wrong");
    const right = signedBy(reader.privateKey, GET(), parametersOf(reader), "right");
    expect((await ask(both(wrong, right))).status).toBe(200);
    const asAdmin = signedBy(reader.privateKey, GET(), parametersOf(admin), "right");
    expect(await ask(both(wrong, asAdmin))).toMatchObject(rejection("signature", "mismatch"));
  });

  it("a signature does not count under another's label", async () => {
    const ours = signedBy(own.privateKey, GET(), parametersOf(own), "ours");
    const moved = { ...ours, signature: String(ours.signature).replace("ours", "theirs") };
    expect(await ask({ headers: moved })).toMatchObject(rejection("signature", "malformed"));
  });

  it("more than eight are refused unseen", async () => {
    const inputs = Array.from({ length: 9 }, (_, n) => `s${n}=("@method");keyid="${own.keyId}"`).join(", ");
    const answer = await ask({ headers: { "signature-input": inputs, signature: "s0=:AA==:" } });
    expect(answer).toMatchObject(rejection("signature-input", "max_items"));
  });
});

describe("signed uploads", () => {
  const BOUNDARY = "----millrace";
  const form = (text: string) =>
    [
      `--${BOUNDARY}`,
      'content-disposition: form-data; name="file"; filename="a.txt"',
      "content-type: text/plain",
      "",
      text,
      `--${BOUNDARY}--`,
      "",
    ].join("\r\n");
  const type = { "content-type": `multipart/form-data; boundary=${BOUNDARY}` };
  const upload = (text: string) => signed({ method: "POST", path: "/api/v1/content", headers: type, body: form(text) });

  it("are stored when the whole form is the signed one (A-Q16)", async () => {
    const { status, body } = await ask(upload("a ".repeat(50_000)));
    expect([status, body.file_size]).toEqual([202, 100_000]);
  });

  it("leave nothing when a byte of the file is another one (A-Q16)", async () => {
    const before = await api.blobKeys();
    const text = "b ".repeat(50_000);
    const answer = await ask({ ...upload(text), body: form(`${text.slice(0, -1)}!`) });
    expect(answer).toMatchObject(rejection("content-digest", "mismatch"));
    expect(await api.blobKeys()).toEqual(before);
  });

  it("are refused as others are: too large, or no form", async () => {
    expect((await ask(upload("c ".repeat(110_000)))).status).toBe(413);
    const noForm = signed({ method: "POST", path: "/api/v1/content", headers: type, body: "no form" });
    expect(await ask(noForm)).toMatchObject({ status: 400, body: { code: "VALIDATION_FAILED" } });
  });
});

describe("reload (A2.7)", () => {
  it("a key counts from the reload that finds it to the reload that does not", async () => {
    expect(await ask(signed({ key: late }))).toMatchObject(rejection("signature-input", "keyid"));
    await writeFile(keysFile, [...LINES, `owner="own" ${late.publicLine}`].join("\n"));
    await ring.reload();
    expect((await ask(signed({ key: late }))).status).toBe(200);
    await writeFile(keysFile, LINES.join("\n"));
    await ring.reload();
    expect(await ask(signed({ key: late }))).toMatchObject(rejection("signature-input", "keyid"));
    expect((await ask(signed())).status).toBe(200);
  });
});

/** The digest is signed as it stands; of the others the members that are ours count, however they are written. */
function meansTheSame(name: string, one: string, other: string): boolean {
  if (name === "content-digest") return one.trim() === other.trim();
  const [ours, theirs] = [one, other].map((header) => {
    const member = parseDictionary(header)?.get("sig1");
    return member !== undefined && "value" in member ? member.value : member;
  });
  return isDeepStrictEqual(ours, theirs);
}

describe("whatever the headers hold", () => {
  const visible = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) });
  const latin1 = fc.string({ unit: fc.integer({ min: 0x80, max: 0xff }).map((code) => String.fromCharCode(code)) });
  const pieces = fc.constantFrom(
    "s=",
    "(",
    ")",
    '"@method"',
    '"x"',
    ";created=1",
    `;keyid="${own.keyId}"`,
    ":AAAA:",
    ",",
  );
  const text = fc.oneof(
    visible,
    latin1,
    fc.array(pieces).map((all) => all.join("")),
  );

  it("the answer is 401, never 500", async () => {
    const headers = fc.record({ "signature-input": text, signature: text, "content-digest": text });
    await fc.assert(
      fc.asyncProperty(headers, async (given) => {
        const { status, body } = await ask({ headers: given });
        expect([status, body.code]).toEqual([401, "UNAUTHENTICATED"]);
      }),
      { numRuns: 200 },
    );
  });

  it("a right signature with any change is 401 or means the same", async () => {
    const names = fc.constantFrom("signature-input", "signature", "content-digest");
    const changes = fc.record({ name: names, at: fc.nat(300), cut: fc.nat(3), put: fc.oneof(visible, pieces) });
    await fc.assert(
      fc.asyncProperty(changes, async ({ name, at, cut, put }) => {
        const sent = signed({ method: "POST", headers: JSON_TYPE, body: "{}" });
        const header = String(sent.headers?.[name]);
        const changed = header.slice(0, at) + put + header.slice(at + cut);
        const { status } = await ask({ ...sent, headers: { ...sent.headers, [name]: changed } });
        // 400: the signature is right, and the empty submission is what is wrong
        expect(meansTheSame(name, header, changed) ? [400, 401] : [401]).toContain(status);
      }),
      { numRuns: 200 },
    );
  });
});
