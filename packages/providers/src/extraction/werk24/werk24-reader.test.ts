import { constants, createDecipheriv, generateKeyPairSync, privateDecrypt } from "node:crypto";
import { createServer as createTcpServer } from "node:net";
import type { MillraceError } from "@millrace/core";
import { type FakeWerk24, startFakeWerk24, until, type Werk24Behaviour } from "@millrace/testing";
import { WebSocket } from "undici";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createOutboundFetch } from "../../outbound/create-outbound-fetch.ts";
import type { Werk24Options } from "../extraction-options.ts";
import type { Extraction } from "../extractor.ts";
import { createWerk24Reader, type Werk24Call, type Werk24ReaderOptions } from "./werk24-reader.ts";

const DRAWING = Buffer.from(`%PDF-1.7\r\n--boundary\r\n${"\0\xff".repeat(40_000)}`, "latin1");
const ALL: Werk24Options = {
  extract_dimensions: true,
  extract_gdt: true,
  extract_threads: true,
  extract_surface_finish: true,
  extract_materials: true,
  extract_title_block: true,
  confidence_threshold: 0.7,
};
const NONE: Werk24Options = {
  extract_dimensions: false,
  extract_gdt: false,
  extract_threads: false,
  extract_surface_finish: false,
  extract_materials: false,
  extract_title_block: false,
  confidence_threshold: 0.7,
};
/** A tolerance without marks. */
const PLAIN = { is_approximate: false, is_general: false, is_reference: false, is_theoretically_exact: false };
const fetch = createOutboundFetch({ userAgent: "millrace-test", allowLoopback: true });

let werk24: FakeWerk24;
beforeAll(async () => {
  werk24 = await startFakeWerk24();
});
beforeEach(() => werk24.behave({}));
afterAll(() => werk24.stop());

interface Reading {
  readonly call?: Partial<Werk24Call>;
  readonly reader?: Partial<Werk24ReaderOptions>;
}

const read = (options: Partial<Werk24Options> = {}, { call, reader }: Reading = {}): Promise<Extraction> =>
  createWerk24Reader({ fetch, apiKey: werk24.token, baseUrl: werk24.url, ...reader }).read({
    bytes: DRAWING,
    fileName: "plate.pdf",
    mediaType: "application/pdf",
    options: { ...ALL, ...options },
    signal: new AbortController().signal,
    progress: () => {},
    ...call,
  });

async function failing(behaviour: Werk24Behaviour, reading: Reading = {}): Promise<MillraceError> {
  werk24.behave(behaviour);
  const error = await read({}, reading).then(
    () => expect.unreachable("it succeeded"),
    (thrown: MillraceError) => thrown,
  );
  expect(error.name).toBe("MillraceError");
  expect(`${error.message} ${JSON.stringify(error.details)}`).not.toContain(werk24.token);
  return error;
}

const codesOf = (list: Extraction["errors"]): string[] => list.map((each) => each.code);

describe("a drawing read by Werk24", () => {
  it("B-Q24 sends the drawing as it is and gathers every kind of answer", async () => {
    const { content, metadata, errors, warnings } = await read();
    expect([errors, warnings]).toEqual([[], []]);
    expect(werk24.readings.at(-1)).toMatchObject({
      asks: ["FEATURES", "META_DATA", "INSIGHTS", "SHEET_IMAGES"],
      maxPages: 5,
    });
    expect(werk24.readings.at(-1)?.drawing?.equals(DRAWING)).toBe(true);
    expect(content["dimensions"]).toEqual([
      {
        kind: "diameter",
        label: "Ø20 H7",
        value: 20,
        unit: "millimeter",
        quantity: 2,
        tolerance: { upper: 0.021, lower: 0, fit: "H7", grade: "IT7", ...PLAIN },
        confidence: 0.97,
        page: 1,
      },
      expect.objectContaining({
        label: "45 ±0.1",
        tolerance: { upper: 0.1, lower: -0.1, fit: null, grade: null, ...PLAIN },
      }),
      expect.objectContaining({ kind: "radius", curvature: "plane", value: null }),
      expect.objectContaining({ kind: "chamfer", quantity: 4, value: 1, angle: 45 }),
      expect.objectContaining({ kind: "bore", quantity: 6, value: 6, depth: { kind: "size", value: 13.4 } }),
    ]);
    expect(content["overall_dimensions"]).toMatchObject({ width: 80, height: 45, depth: 20, unit: "millimeter" });
    expect(content["gdt"]).toEqual([
      {
        type: "position",
        label: "[⌖|Ø0.05 Ⓜ|A|B]",
        value: 0.05,
        unit: "millimeter",
        material_condition: "maximum",
        is_free_state: false,
        datums: ["A", "B"],
        confidence: 0.91,
        page: 1,
      },
    ]);
    expect(content["threads"]).toMatchObject([
      {
        type: "iso_metric",
        value: 5,
        pitch_mm: 0.8,
        handedness: "right",
        tolerance_class: "6H",
        depth: { kind: "through" },
      },
      { type: "uts", unit: "inch", size: "1/4", series: "UNC", tolerance_class: "2A", threads_per_inch: 20 },
    ]);
    expect(content["surface_finish"]).toMatchObject([
      {
        is_general: false,
        lay: "perpendicular",
        process: "turned",
        conditions: [{ parameter: "Ra", value: 1.6, grade: "N7" }],
      },
      { is_general: true, lay: null, process: null, conditions: [{ parameter: "Rz", value: 25, unit: "micrometer" }] },
    ]);
    expect(content["materials"]).toMatchObject([
      { designation: "20MnCr5", standard: "DIN EN 10084", category: ["ferrous_alloy", "steel"] },
    ]);
    expect(content["title_block"]).toMatchObject({
      drawing_number: "WK2401",
      title: "ADAPTER",
      company: "Acme GmbH",
      material: "20MnCr5",
      finish: "√ Rz 25",
      revision: null,
      weight: { value: 1.025, unit: "kilogram" },
      general_tolerances: { standard: "ISO 2768", class: "m", principle: "independence" },
      custom_fields: expect.arrayContaining([
        { name: "drawing_number", value: "WK2399", stakeholder: "owner", period: "previous" },
      ]),
    });
    expect(content["thumbnails"]).toMatchObject([{ media_type: "image/png", bytes: 70, page: 1 }]);
    expect(metadata).toEqual({
      asks: ["FEATURES", "META_DATA", "INSIGHTS", "SHEET_IMAGES"],
      bytes_sent: DRAWING.length,
      processing_ms: expect.any(Number),
      request_ids: ["6f9619ff-8b86-4d01-b42d-00cf4fc964ff"],
      pages: [1],
      messages: 7,
      counts: { dimensions: 5, gdt: 1, threads: 2, surface_finish: 2, materials: 1, notes: 1, thumbnails: 1 },
      confidence_threshold: 0.7,
      below_confidence: 2,
      quota_remaining: 41,
      cost_units: null,
    });
  });

  it("leaves out what Werk24 is less sure of than asked for, and keeps what it does not rate", async () => {
    const labels = async (confidence_threshold: number) =>
      ((await read({ confidence_threshold })).content["dimensions"] as { label: string }[]).map((each) => each.label);
    expect(await labels(0)).toEqual(["Ø20 H7", "45 ±0.1", "(7)", "R PLANE", "1x45°", "Ø6 ↧13.4"]);
    expect(await labels(0.7)).toEqual(["Ø20 H7", "45 ±0.1", "R PLANE", "1x45°", "Ø6 ↧13.4"]);
    expect(await labels(1)).toEqual(["R PLANE"]);
  });

  it.each<[keyof Werk24Options, string[], string[]]>([
    ["extract_dimensions", ["FEATURES", "INSIGHTS"], ["dimensions", "overall_dimensions"]],
    ["extract_gdt", ["FEATURES"], ["gdt"]],
    ["extract_threads", ["FEATURES"], ["threads"]],
    ["extract_surface_finish", ["FEATURES", "META_DATA"], ["surface_finish"]],
    ["extract_materials", ["META_DATA"], ["materials"]],
    ["extract_title_block", ["META_DATA", "SHEET_IMAGES"], ["notes", "thumbnails", "title_block"]],
  ])("%s alone asks for no more than it needs", async (option, asks, fields) => {
    const { content } = await read({ ...NONE, [option]: true });
    expect(werk24.readings.at(-1)?.asks).toEqual(asks);
    expect(Object.keys(content).sort()).toEqual(fields);
  });

  it("asks nothing where nothing is wanted", async () => {
    const before = werk24.readings.length;
    const { content, warnings } = await read(NONE);
    expect([content, codesOf(warnings), werk24.readings.length]).toEqual([{}, ["NOTHING_ASKED"], before]);
  });

  it("tells the share of the work that is done, which never falls", async () => {
    const shares: number[] = [];
    await read({}, { call: { progress: (share) => shares.push(share) } });
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(0)).toBeLessThan(0.2);
    expect(shares.at(-1)).toBe(1);
    expect(new Set(shares).size).toBeGreaterThan(5);
  });

  it("takes answers that are too long for a message from where Werk24 put them", async () => {
    werk24.behave({ answers: { FEATURES: { payload_url: "http://fake/features" } } });
    expect((await read()).metadata["counts"]).toMatchObject({ dimensions: 5, threads: 2 });
  });

  it("encrypts the drawing for accounts that come with a public key", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    werk24.behave({ welcomePayload: { public_key: publicKey.export({ type: "spki", format: "pem" }) } });
    await read();
    const sealed = werk24.readings.at(-1)?.drawing ?? Buffer.alloc(0);
    const oaep = { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
    const decipher = createDecipheriv(
      "aes-256-gcm",
      privateDecrypt(oaep, sealed.subarray(0, 256)),
      sealed.subarray(256, 268),
    );
    decipher.setAuthTag(sealed.subarray(268, 284));
    expect(Buffer.concat([decipher.update(sealed.subarray(284)), decipher.final()]).equals(DRAWING)).toBe(true);
  });

  it("closes its connection", async () => {
    await read();
    await until(() => werk24.open() === 0);
  });
});

describe("a drawing read in part", () => {
  it("an ask that failed is an error entry beside the others' answers", async () => {
    werk24.behave({
      answers: {
        FEATURES: {
          payload_dict: null,
          exceptions: [{ exception_level: "ERROR", exception_type: "DRAWING_RESOLUTION_TOO_LOW" }],
        },
      },
    });
    const { content, errors } = await read();
    expect(errors).toEqual([
      {
        code: "WERK24_DRAWING_RESOLUTION_TOO_LOW",
        message: expect.stringContaining("FEATURES"),
        details: { ask: "FEATURES", page: 1 },
      },
    ]);
    expect(content).toMatchObject({ dimensions: [], title_block: { drawing_number: "WK2401" } });
  });

  it("an ask without an answer is one as well, whether Werk24 ends properly or just closes", async () => {
    for (const end of ["complete", "close"] as const) {
      werk24.behave({ answers: { META_DATA: null }, end });
      const { content, errors } = await read();
      expect(codesOf(errors)).toEqual(["WERK24_ASK_UNANSWERED"]);
      expect(content).toMatchObject({ title_block: null, overall_dimensions: { width: 80 } });
    }
  });

  it("entries of another shape are counted and left out", async () => {
    const answer = { ask_version: "v2", ask_type: "FEATURES", dimensions: [{ size: 7 }, null], threads: ["M5"] };
    werk24.behave({ answers: { FEATURES: { payload_dict: answer } } });
    const { content, errors } = await read();
    expect(errors.map(({ code, details }) => [code, details])).toEqual([
      ["WERK24_ENTRY_UNREADABLE", { list: "dimensions", count: 2 }],
      ["WERK24_ENTRY_UNREADABLE", { list: "threads", count: 1 }],
    ]);
    expect(content).toMatchObject({ dimensions: [], threads: [] });
  });

  it("hints of Werk24 and pages that are no drawing are warnings", async () => {
    const payload_dict = { ask_version: "v2", ask_type: "FEATURES", page_type: "MISCELLANEOUS" };
    const exceptions = [{ exception_level: "INFO", exception_type: "FEATURE_DEPRECATED" }];
    werk24.behave({ answers: { FEATURES: { payload_dict, exceptions, page_number: 2, request_id: "second" } } });
    const { warnings, errors, metadata } = await read();
    expect(metadata["request_ids"]).toEqual(["6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "second"]);
    expect([codesOf(warnings), errors, metadata["pages"]]).toEqual([
      ["WERK24_FEATURE_DEPRECATED", "PAGE_IS_NO_DRAWING"],
      [],
      [1, 3],
    ]);
  });

  it("what Werk24 says of the account goes into the metadata", async () => {
    werk24.behave({ completedPayload: { quota_remaining: "120", cost_units: 2.5 } });
    expect((await read()).metadata).toMatchObject({ quota_remaining: 120, cost_units: 2.5 });
  });
});

describe("a drawing Werk24 does not read", () => {
  const never = (code: string) => ({ code, retry: "never" });
  const later = (code: string) => ({ code, retry: "backoff" });

  it.each([undefined, "", "  ", "ke\ny"])(
    "B-Q24 without a usable key (%j) fails for good and asks nobody",
    async (apiKey) => {
      const before = werk24.readings.length;
      expect(await failing({}, { reader: { apiKey } })).toMatchObject(never("WERK24_NOT_CONFIGURED"));
      expect(werk24.readings.length).toBe(before);
    },
  );

  it("B-Q14 a key Werk24 does not know is refused for good, with its words", async () => {
    const error = await failing({}, { reader: { apiKey: "another" } });
    expect(error).toMatchObject({ ...never("WERK24_UNAUTHORIZED"), details: { status: 401 } });
    expect(error.message).toContain("Authentication failed");
  });

  it.each([
    [403, "WERK24_UNAUTHORIZED", "never"],
    [400, "WERK24_REFUSED", "never"],
    [404, "WERK24_REFUSED", "never"],
    [422, "WERK24_REFUSED", "never"],
    [302, "WERK24_REFUSED", "never"],
    [408, "WERK24_UNAVAILABLE", "backoff"],
    [500, "WERK24_UNAVAILABLE", "backoff"],
    [503, "WERK24_UNAVAILABLE", "backoff"],
  ])("B-Q14 a session refused with %i is %s, retry %s", async (status, code, retry) => {
    expect(await failing({ handshake: { status } })).toMatchObject({ code, retry, details: { status } });
  });

  it.each([
    [{ "retry-after": "17" }, 17_000],
    [{ "retry-after": "Sun, 06 Nov 1994 08:50:37 GMT", date: "Sun, 06 Nov 1994 08:49:37 GMT" }, 60_000],
    [{}, undefined],
  ])("B-Q13 429 waits as long as %j says", async (headers, retryAfterMs) => {
    const error = await failing({ handshake: { status: 429, headers } });
    expect(error).toMatchObject({ ...later("WERK24_RATE_LIMITED"), retryAfterMs });
  });

  it.each([
    [413, "WERK24_REFUSED", "never"],
    [403, "WERK24_UNAVAILABLE", "backoff"],
    [503, "WERK24_UNAVAILABLE", "backoff"],
  ])("an upload refused with %i is %s, retry %s", async (upload, code, retry) => {
    expect(await failing({ upload })).toMatchObject({ code, retry });
  });

  it("a welcome or answers that hold nothing but errors are a refusal that names them", async () => {
    const exceptions = [{ exception_level: "ERROR", exception_type: "DRAWING_CONTENT_NOT_UNDERSTOOD" }];
    const nothing = { payload_dict: null, exceptions };
    const answers = { FEATURES: nothing, META_DATA: nothing, INSIGHTS: nothing, SHEET_IMAGES: nothing };
    for (const behaviour of [{ answers }, { welcome: { exceptions } }]) {
      const error = await failing(behaviour);
      expect(error).toMatchObject(never("WERK24_REFUSED"));
      expect(error.message).toContain("DRAWING_CONTENT_NOT_UNDERSTOOD");
    }
  });

  it.each([
    ['{"message":"Forbidden","connectionId":"x"}', "WERK24_UNAUTHORIZED", "never"],
    ['{"error":"PRIORITY_TOO_HIGH","message":"no"}', "WERK24_UNAUTHORIZED", "never"],
    ['{"code":"422","message":"Invalid ask"}', "WERK24_REFUSED", "never"],
    ['{"message":"Too Many Requests"}', "WERK24_RATE_LIMITED", "backoff"],
    ['{"message":"Internal server error"}', "WERK24_UNAVAILABLE", "backoff"],
    ['{"request_id":"1","message_type":"ERROR","message_subtype":"INTERNAL"}', "WERK24_UNAVAILABLE", "backoff"],
    ["<html>", "WERK24_ANSWER_INVALID", "backoff"],
    ["[]", "WERK24_ANSWER_INVALID", "backoff"],
    ['{"request_id":1}', "WERK24_ANSWER_INVALID", "backoff"],
    ['{"request_id":"1","message_type":"ASK","message_subtype":"FEATURES"}', "WERK24_ANSWER_INVALID", "backoff"],
    [
      '{"request_id":"1","message_type":"ASK","message_subtype":"FEATURES","payload_dict":{"dimensions":"none"}}',
      "WERK24_ANSWER_INVALID",
      "backoff",
    ],
  ])("B-Q14 %s is %s", async (message, code, retry) => {
    expect(await failing({ raw: [message] })).toMatchObject({ code, retry });
  });

  it("a connection cut in the middle, in a frame or before any answer passes", async () => {
    const half = Buffer.concat([Buffer.from([0x81, 126, 0x10, 0]), Buffer.from('{"request_id":"1",')]);
    const behaviours: Werk24Behaviour[] = [
      { end: "cut" },
      { raw: [half], end: "cut" },
      { raw: [], end: "cut" },
      { raw: [], end: "close" },
    ];
    for (const behaviour of behaviours) expect(await failing(behaviour)).toMatchObject(later("WERK24_UNAVAILABLE"));
  });

  it("an answer larger than the limit is refused before it is read, in one frame or many", async () => {
    const declared = Buffer.from([0x81, 127, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff]);
    const reader = { maxAnswerBytes: 100_000 };
    expect(await failing({ raw: [declared], end: "hang" }, { reader })).toMatchObject(later("WERK24_ANSWER_INVALID"));
    const piece = Buffer.concat([Buffer.from([0x01, 126, 0xff, 0xff]), Buffer.alloc(65_535, "x")]);
    const more = Buffer.concat([Buffer.from([0x00, 126, 0xff, 0xff]), Buffer.alloc(65_535, "x")]);
    expect(await failing({ raw: [piece, more], end: "hang" }, { reader })).toMatchObject(
      later("WERK24_ANSWER_INVALID"),
    );
    werk24.behave({});
    expect((await read({}, { reader: { maxAnswerBytes: 1_000_000 } })).errors).toEqual([]);
  });

  it.each([
    ["an extension's frame", Buffer.from([0xc1, 0])],
    ["a masked frame", Buffer.from([0x81, 0x80, 0, 0, 0, 0])],
    ["a frame of no known kind", Buffer.from([0x83, 0])],
    ["bytes instead of text", Buffer.from([0x82, 1, 0])],
    ["a continuation of nothing", Buffer.from([0x80, 1, 0x78])],
    ["a long ping", Buffer.from([0x89, 126, 1, 0])],
    ["text that is not UTF-8", Buffer.from([0x81, 1, 0xff])],
  ])("%s is another shape", async (_what, bytes) => {
    expect(await failing({ raw: [bytes], end: "hang" })).toMatchObject(later("WERK24_ANSWER_INVALID"));
  });

  it("silence is given up, in the handshake, before and after the drawing", async () => {
    const reader = { timeoutMs: 300 };
    for (const behaviour of [{ isSilent: true }, { raw: [], end: "hang" }] as const) {
      expect(await failing(behaviour, { reader })).toMatchObject(later("WERK24_UNAVAILABLE"));
    }
    const silent = createTcpServer((socket) => socket.resume().on("error", () => {}));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const baseUrl = `ws://127.0.0.1:${port}/v2`;
    expect(await failing({}, { reader: { ...reader, baseUrl } })).toMatchObject(later("WERK24_UNAVAILABLE"));
    await new Promise((resolve) => silent.close(resolve));
    expect(await failing({}, { reader: { baseUrl } })).toMatchObject(later("WERK24_UNAVAILABLE"));
    await until(() => werk24.open() === 0);
  });

  it("a place for the drawing that is no public address is another shape", async () => {
    const drawing_presigned_post = { url: "http://169.254.169.254/upload", fields: {} };
    const error = await failing({ welcomePayload: { drawing_presigned_post } });
    expect(error).toMatchObject(later("WERK24_ANSWER_INVALID"));
    expect(await failing({ welcomePayload: { drawing_presigned_post: { url: "nowhere" } } })).toMatchObject(
      later("WERK24_ANSWER_INVALID"),
    );
    expect(await failing({ welcomePayload: { public_key: "none" } })).toMatchObject(later("WERK24_ANSWER_INVALID"));
  });

  it("a stopped job stops in the middle, with its own reason", async () => {
    const stop = new AbortController();
    werk24.behave({ raw: [], end: "hang" });
    const reading = read(
      {},
      { call: { signal: stop.signal, progress: (share) => share >= 0.2 && stop.abort(new Error("cancelled")) } },
    );
    await expect(reading).rejects.toThrow("cancelled");
    await expect(read({}, { call: { signal: stop.signal } })).rejects.toThrow("cancelled");
    await until(() => werk24.open() === 0);
  });
});

it("the fake speaks WebSocket as others understand it", async () => {
  const socket = new WebSocket(werk24.url, { headers: { authorization: `Token ${werk24.token}` } });
  const messages: string[] = [];
  let closed: number | undefined;
  socket.addEventListener("message", (event) => messages.push(JSON.parse(String(event.data)).message_subtype));
  socket.addEventListener("close", (event) => {
    closed = event.code;
  });
  socket.addEventListener("open", () => {
    const asks = [{ ask_version: "v2", ask_type: "FEATURES" }];
    socket.send(JSON.stringify({ action: "INITIALIZE", message: { asks, max_pages: 1 } }));
    socket.send(JSON.stringify({ action: "READ", message: {} }));
  });
  await until(() => closed !== undefined);
  expect(closed).toBe(1_000);
  expect(messages).toEqual(["INITIALIZATION_SUCCESS", "STARTED", "FEATURES", "COMPLETED"]);
});
