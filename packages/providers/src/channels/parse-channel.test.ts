import { gateOf } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { parseChannel, parseChannelFields } from "./parse-channel.ts";

const least = { channel_id: "nature", channel_name: "Nature in 90 seconds", notion_database_id: "0".repeat(32) };

function channelOf(fields: object) {
  const parsed = parseChannel(stringify(fields));
  if ("reasons" in parsed) throw new Error(parsed.reasons.join("\n"));
  return parsed.channel;
}
function reasonsOf(fields: unknown): readonly string[] {
  const parsed = parseChannel(stringify(fields));
  return "reasons" in parsed ? parsed.reasons : [];
}
const withField = (field: string, value: unknown) => {
  const [outer = "", inner] = field.split(".");
  return { ...least, [outer]: inner === undefined ? value : { [inner]: value } };
};

describe("the fields of a channel (C2.6)", () => {
  it("has the defaults of a channel that says as little as it may", () => {
    const channel = channelOf(least);
    expect(channel).toMatchObject({
      channelId: "nature",
      channelName: "Nature in 90 seconds",
      priority: "normal",
      share: { weight: 1, isActive: true, maxInFlight: 2 },
      quotaPool: "nature",
      budget: { dailyUsd: null, weeklyUsd: null },
      scale: { assets: 22, clips: 18, seconds: 90 },
      voiceId: null,
      voice: {},
      branding: { intro: null, outro: null, watermark: null },
      storage: { strategy: "notion" },
      privacy: "private",
      tags: [],
      descriptionTemplate: "",
    });
    expect(Object.entries(channel.gates).map(([key, gate]) => [key, gate?.name, gate?.approvals])).toEqual(
      ["assets", "video", "audio", "final"].map((name) => [name, name, 1]),
    );
  });

  it.each([
    ["as little as it may", least],
    ["without gates", { ...least, gates: { assets: "off", video: false }, final_gate: "off" }],
    [
      "with everything",
      {
        ...least,
        gates: { audio: { approvals: 2, roles: ["editor"], expires_in_hours: 1, on_expiry: "reject" } },
        voice: { speed: 1.1 },
        storage_strategy: "r2",
        r2: { account_id: "abc", bucket: "nature-videos" },
        quota_pool: "project_1",
        tags: ["nature"],
      },
    ],
  ])("its fields, kept as JSON, are the same channel when they are read again: %s", (_what, written) => {
    const channel = channelOf(written);
    expect(parseChannelFields(JSON.parse(JSON.stringify(channel.fields)))).toEqual({ channel });
  });

  it("takes over everything that is written", () => {
    const channel = channelOf({
      ...least,
      is_active: false,
      priority: "high",
      max_concurrent: 10,
      weight: 2.5,
      quota_pool: "project_1",
      budget_daily_usd: 0,
      budget_weekly_usd: 120.5,
      scale: { assets: 4, clips: 3, seconds: 20 },
      voice_id: "21m00Tcm4TlvDq8ikWAM",
      voice: { stability: 0.4, similarity_boost: 0.5, style: 0, use_speaker_boost: true, speed: 1.1 },
      branding: { intro: "brand/in.mp4", outro: "brand/out..mp4", watermark: "logo.png" },
      storage_strategy: "r2",
      r2: { account_id: "abc", bucket: "nature-videos" },
      default_privacy: "unlisted",
      tags: ["nature", "short films"],
      description_template: "About {title}\n\nMore every week.",
    });
    expect(channel).toMatchObject({
      priority: "high",
      share: { weight: 2.5, isActive: false, maxInFlight: 10 },
      quotaPool: "project_1",
      budget: { dailyUsd: 0, weeklyUsd: 120.5 },
      scale: { assets: 4, clips: 3, seconds: 20 },
      voiceId: "21m00Tcm4TlvDq8ikWAM",
      voice: { stability: 0.4, similarityBoost: 0.5, style: 0, useSpeakerBoost: true, speed: 1.1 },
      branding: { intro: "brand/in.mp4", outro: "brand/out..mp4", watermark: "logo.png" },
      storage: { strategy: "r2", accountId: "abc", bucket: "nature-videos" },
      privacy: "unlisted",
      tags: ["nature", "short films"],
      descriptionTemplate: "About {title}\n\nMore every week.",
    });
  });

  it("C-Q16: takes the id of a Notion database with dashes or without and keeps 32 digits", () => {
    const id = "8D2F1a00-1111-2222-3333-44445555666f";
    const kept = "8d2f1a0011112222333344445555666f";
    for (const notion_database_id of [id, kept])
      expect(channelOf({ ...least, notion_database_id }).notionDatabaseId).toBe(kept);
    expect(channelOf({ ...least, notion_database_id: null }).notionDatabaseId).toBeNull();
    expect(reasonsOf({ ...least, notion_database_id: kept.slice(1) })).toEqual([
      expect.stringMatching(/^notion_database_id: .*32/),
    ]);
  });

  it.each(["channel_id", "channel_name", "notion_database_id"])("needs %s", (field) => {
    expect(reasonsOf({ ...least, [field]: undefined })).toEqual([expect.stringMatching(new RegExp(`^${field}: `))]);
  });

  it.each([
    ["channel_id", ["", "a-b", "a b", "ä", "../a", "a".repeat(51), 7], ["a".repeat(50), "Az_09"]],
    ["channel_name", ["", " ", "a".repeat(101), "a\nb"], ["a".repeat(100), "Natur für alle"]],
    ["is_active", ["yes", 1], [true]],
    ["priority", ["urgent", null], ["low"]],
    ["max_concurrent", [0, 11, 1.5, "2", null], [1, 10]],
    ["weight", [0, 101], [0.1, 100]],
    ["quota_pool", ["", "a/b"], ["pool_1"]],
    ["budget_daily_usd", [-0.01, "5"], [0, 7.5, null]],
    ["budget_weekly_usd", [-1], [0]],
    ["scale.assets", [0, 101, 2.5], [1, 100]],
    ["scale.clips", [0, 61], [9, 60]],
    ["scale.seconds", [0, 181, 601], [180, 1]],
    ["voice.speed", [0.6, 1.3], [0.7, 1.2]],
    ["voice.stability", [-0.1, 1.1], [0, 1]],
    ["storage_strategy", ["s3"], ["notion"]],
    ["default_privacy", ["secret"], ["private", "unlisted", "public"]],
    ["tags", [["a".repeat(101)], Array(6).fill("a".repeat(90)), "a"], [[], ["a"]]],
    ["description_template", ["a".repeat(5_001)], ["a".repeat(5_000)]],
  ])("keeps the bounds of %s", (field, wrong, right) => {
    for (const value of wrong) {
      const [first, ...more] = reasonsOf(withField(field, value));
      expect(first, JSON.stringify(value)).toMatch(new RegExp(`^${field}(?:\\.0)?: `));
      expect(more.filter((reason) => !reason.startsWith(field.split(".")[0] ?? ""))).toEqual([]);
    }
    for (const value of right) expect(reasonsOf(withField(field, value)), JSON.stringify(value)).toEqual([]);
  });

  it.each(["/etc/x", "../x", "a/../x", "a/..", "./x", "a//b", "a/", "~/x", "C:/x", "..\\x", "a\nb", ""])(
    "lets branding not lead out of its folder: %j",
    (path) => {
      expect(reasonsOf(withField("branding.intro", path))[0]).toMatch(/^branding\.intro: /);
    },
  );

  it("needs account and bucket for R2, and a bucket of 3 to 63", () => {
    expect(reasonsOf({ ...least, storage_strategy: "r2" })).toEqual(["r2: is needed for storage_strategy r2"]);
    const of = (bucket: string) => reasonsOf({ ...least, storage_strategy: "r2", r2: { account_id: "a", bucket } });
    for (const bucket of ["ab", "a".repeat(64), "Abc", "-abc", "abc-", "a_c"]) expect(of(bucket)).toHaveLength(1);
    for (const bucket of ["abc", "a".repeat(63), "a-1"]) expect(of(bucket)).toEqual([]);
  });

  it("names every unknown field where it stands, and says where credentials belong", () => {
    const reasons = reasonsOf({
      ...least,
      max_concurent: 2,
      colour: "red",
      voice: { pitch: 1 },
      gates: { assets: { who: "me" } },
    });
    expect(reasons).toEqual([
      "gates.assets: unknown field who",
      "voice: unknown field pitch",
      "unknown fields max_concurent, colour",
    ]);
    expect(reasonsOf({ ...least, r2: { account_id: "a", bucket: "abc", secret_access_key: "x" } })).toEqual([
      "r2: unknown field secret_access_key; credentials are kept sealed, not in files",
    ]);
  });
});

describe("the gates of a channel (C2.4)", () => {
  const gatesOf = (yaml: string) => {
    const parsed = parseChannel(stringify(least) + yaml);
    return "channel" in parsed ? parsed.channel.gates : parsed.reasons;
  };

  it.each(["off", "false"])("goes on by itself at a gate that is %s", (off) => {
    expect(gatesOf(`gates: { assets: ${off}, audio: ${off} }`)).toMatchObject({
      assets: null,
      video: {},
      audio: null,
      final: {},
    });
  });

  it("turns the final gate off by final_gate alone", () => {
    expect(gatesOf("gates: { final: off }")).toEqual([
      "gates.final: is turned off by final_gate: off alone, beside gates",
    ]);
    expect(gatesOf("final_gate: off")).toMatchObject({ assets: {}, video: {}, audio: {}, final: null });
    expect(gatesOf("final_gate: on")).toMatchObject({ final: { name: "final" } });
  });

  it("takes who decides and until when", () => {
    const rules =
      "approvals: 2, roles: [editor], allows_self_approval: false, needs_reason: true, expires_in_hours: 1.5, on_expiry: cancel";
    expect(gatesOf(`gates: { video: { ${rules} }, audio: on }`)).toMatchObject({
      video: {
        name: "video",
        approvals: 2,
        roles: ["editor"],
        allowsSelfApproval: false,
        needsReason: true,
        expiresInMs: 5_400_000,
        onExpiry: "cancel",
      },
      audio: { approvals: 1, expiresInMs: null },
    });
  });

  it.each([
    ["{ approvals: 0 }", "gates.video.approvals: "],
    ["{ on_expiry: cancel }", "gates.video.on_expiry: goes together with expires_in_hours"],
    ["{ expires_in_hours: 2 }", "gates.video.on_expiry: goes together with expires_in_hours"],
    ["{ expires_in_hours: 2, on_expiry: approve }", "gates.video.on_expiry: "],
    ["maybe", "gates.video: must be on, off, or a mapping"],
    ["", "gates.video: must be on, off, or a mapping"],
    ["7", "gates.video: must be on, off, or a mapping"],
  ])("refuses %s", (written, reason) => {
    expect(gatesOf(`gates: { video: ${written} }`)).toEqual([expect.stringContaining(reason)]);
  });

  it("gives the engine only gates it accepts", () => {
    const rules = fc.record(
      {
        approvals: fc.integer({ min: -1, max: 22 }),
        expires_in_hours: fc.double({ min: 0, max: 9_000, noNaN: true }),
        on_expiry: fc.constantFrom("reject", "cancel"),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.record({ assets: rules, video: rules }), (gates) => {
        const parsed = parseChannel(JSON.stringify({ ...least, gates }));
        if ("channel" in parsed) for (const gate of Object.values(parsed.channel.gates)) gateOf(gate ?? "off");
      }),
    );
  });
});

describe("what is no channel", () => {
  it.each([
    ["nothing", "", "must be a mapping"],
    ["a list", "- a", "must be a mapping"],
    ["a text", "channel", "must be a mapping"],
    ["broken YAML", "channel_id: [\n", "not valid YAML in line 2"],
    [
      "a field that stands twice",
      "channel_id: a\nchannel_id: b\n",
      "not valid YAML in line 2, column 1: duplicate key",
    ],
    ["two documents", "a: 1\n---\nb: 2\n", "multiple docs"],
    ["an alias without its anchor", "a: *b", "aliases"],
    ["an alias bomb", bomb(), "aliases"],
  ])("%s", (_, text, reason) => {
    expect(parseChannel(text)).toEqual({ channelId: null, reasons: [expect.stringContaining(reason)] });
  });

  it("still tells whose file it is, where that can be read", () => {
    expect(parseChannel("channel_id: nature\nweight: many")).toMatchObject({ channelId: "nature" });
    expect(parseChannel("channel_id: na ture\nweight: many")).toMatchObject({ channelId: null });
  });

  it("shows no value of the file, wherever it stands", () => {
    const secret = "sk-live-4f9a";
    const texts = [
      ...["channel_id", "priority", "weight", "gates", "voice_id", "r2", "tags", "is_active", "api_key"].map(
        (field) => `${field}: ${secret} }`,
      ),
      `api_key: "${secret}`,
      `api_key: [${secret}`,
      `${stringify(least)}gates: { video: ${secret} }`,
      `${stringify(least)}branding: { intro: ../${secret} }`,
      `\tapi_key: ${secret}`,
      `a: ${secret}: b`,
    ];
    for (const text of texts) {
      const parsed = parseChannel(text);
      expect(JSON.stringify(parsed), text).not.toContain(secret);
      expect(parsed).toHaveProperty("reasons");
    }
  });

  it("never throws, whatever the file says", () => {
    const yaml = fc.oneof(
      fc.string(),
      fc.json(),
      fc.anything().map((value) => JSON.stringify({ ...least, scale: value, gates: value })),
    );
    fc.assert(
      fc.property(yaml, (text) => void parseChannel(text)),
      { numRuns: 300 },
    );
    const nested = parseChannel("[".repeat(30_000));
    expect(nested).toHaveProperty("reasons");
  });
});

function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(", ")}]`);
  return `a0: &a0 [x]\n${levels.join("\n")}\n`;
}
