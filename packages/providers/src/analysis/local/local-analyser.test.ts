import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnalysisContext, AnalysisInput } from "../analyser.ts";
import { createLocalAnalyser } from "./local-analyser.ts";
import { CHINESE, ESSAY, GERMAN, NEWS, README, STANDARD, TRANSCRIPT } from "./sample-texts.test.ts";

const NOTHING_KNOWN: AnalysisContext = { tags: [], topics: [], tag_pairs: [], tiers: {}, aliases: [] };
const analyser = createLocalAnalyser();
const now = new Date("2026-03-01T10:00:00Z");

async function analyse(text: string, rest: Partial<AnalysisInput> = {}, signal = new AbortController().signal) {
  const input = { contentType: "text", title: "", text, preDetected: [], context: NOTHING_KNOWN, ...rest };
  return analyser.analyse(input, { signal, now });
}

const plain = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
const entities = (analysis: Awaited<ReturnType<typeof analyse>>) =>
  analysis.result.additional_entities.map(({ type, name, edge_type }) => `${type} ${name} ${edge_type}`);
const codes = (analysis: Awaited<ReturnType<typeof analyse>>) => analysis.warnings.map((warning) => warning.code);

describe("real texts", () => {
  it("a README: its subject, its tools, its repository", async () => {
    const analysis = await analyse(README, { title: "lantern-queue" });
    const { result } = analysis;
    expect(result.tags).toContain("redis");
    expect(result.tags.join(" ")).toMatch(/queue/);
    expect(entities(analysis)).toContain("tool Redis uses");
    expect(entities(analysis)).toContain("tool PostgreSQL uses");
    expect(entities(analysis)).toContain("repo example/lantern-queue discusses");
    expect(entities(analysis).join()).not.toMatch(/sponsors|shields/);
    expect(result.summary).toMatch(/^Lantern-queue is a durable job queue for Node\.js\./);
    expect(["C", "B"]).toContain(result.tier);
    expect(result).toMatchObject({ model: "local/2", processed_at: "2026-03-01T10:00:00.000Z" });
    expect(analysis).toMatchObject({ usage: null, trace: null, warnings: [] });
  });

  it("a news story: what happened and who said so, and no person among the tags", async () => {
    const analysis = await analyse(NEWS, { title: "City council approves flood barrier" });
    expect(analysis.result.tags).toContain("flood-barrier");
    expect(analysis.result.summary).toContain("voted on Tuesday to build a 4.2-kilometre flood barrier");
    expect(entities(analysis)).toEqual(
      expect.arrayContaining([
        "person Jens Petersen mentions",
        "person Katharina Wolff mentions",
        "person Martin Schreiber mentions",
      ]),
    );
    expect([...analysis.result.tags, ...analysis.result.topics.map((topic) => topic.name)].join()).not.toMatch(
      /petersen|wolff/i,
    );
  });

  it("an essay: the phrase it is about, not a word of it", async () => {
    const { result } = await analyse(ESSAY, { title: "Why small teams should write decision records" });
    expect(result.tags[0]).toBe("decision-records");
    expect(["B", "C"]).toContain(result.tier);
  });

  it("a standard: headings without markup, page furniture left out, other standards cited", async () => {
    const analysis = await analyse(STANDARD);
    expect(entities(analysis)).toEqual(expect.arrayContaining(["paper RFC 793 cites", "paper RFC 5321 cites"]));
    expect(analysis.result.tags).toContain("relay");
    expect(JSON.stringify(analysis.result)).not.toContain("[Page");
  });

  it("a transcript without full stops: pieces shown as pieces, time stamps left out", async () => {
    const analysis = await analyse(TRANSCRIPT);
    expect(codes(analysis)).toEqual(["TEXT_UNPUNCTUATED"]);
    expect(analysis.result.tags).toContain("raspberry-pi");
    expect(entities(analysis)).toContain("tool Kubernetes uses");
    expect(analysis.result.summary).toMatch(/^… .* …/);
    expect(analysis.result.summary).not.toMatch(/\d\d:\d\d/);
  });

  it("German: its own words, with a warning", async () => {
    const analysis = await analyse(GERMAN, { title: "Datenbanken im Betrieb" });
    expect(analysis.warnings).toMatchObject([{ code: "LANGUAGE_NOT_ENGLISH", details: { language: "deu" } }]);
    expect(analysis.warnings[0]!.message).toContain("German");
    expect(analysis.result.tags).toEqual(expect.arrayContaining(["datenbank", "sicherung", "replikation"]));
    expect(entities(analysis)).toContain("tool PostgreSQL mentions");
    expect(analysis.result.summary).toContain("Eine relationale Datenbank speichert Daten in Tabellen");
  });

  it("Chinese: whole sentences of it, tools by name", async () => {
    const analysis = await analyse(CHINESE);
    expect(codes(analysis)).toContain("LANGUAGE_NOT_ENGLISH");
    expect(analysis.result.summary).toContain("分布式消息队列是现代后端系统的重要组成部分。");
    expect(entities(analysis).join()).toMatch(/tool Kafka/);
  });
});

describe("its answers", () => {
  const texts = { README, NEWS, ESSAY, STANDARD, TRANSCRIPT, GERMAN, CHINESE };

  it.each(Object.entries(texts))("never invent: everything said of %s stands in it", async (_, text) => {
    const { result } = await analyse(text);
    const source = plain(text.replace(/\[\d\d:\d\d\]/g, ""));
    for (const tag of result.tags) expect(source).toContain(plain(tag));
    for (const topic of result.topics) for (const name of topic.hierarchy) expect(source).toContain(plain(name));
    for (const entity of result.additional_entities)
      expect(source).toContain(plain(entity.name.replace(/^(arXiv|doi):|^RFC /, "")));
    for (const sentence of result.summary.split(/(?<=[.!?…。])\s+|\n+-? ?/u)) expect(source).toContain(plain(sentence));
  });

  it.each(Object.entries(texts))("keep the limits of A2.4 for %s and say why", async (_, text) => {
    const { result } = await analyse(text);
    expect(result.new_tags.length).toBeLessThanOrEqual(3);
    expect(result.topics.length).toBeLessThanOrEqual(7);
    for (const tag of result.tags) expect(tag).toMatch(/^[a-z][a-z0-9-]*$/);
    for (const entry of [...result.topics, ...result.additional_entities]) expect(entry.confidence).not.toBe("low");
    for (const explanation of [result.tier_explanation, result.score_explanation]) {
      expect(explanation.length).toBeGreaterThanOrEqual(2);
      expect(explanation.length).toBeLessThanOrEqual(3);
    }
    expect(result.tier_explanation.join()).toMatch(/\d+ words/);
  });

  it("are the same for the same input", async () => {
    const [first, second] = [
      await analyse(README),
      await createLocalAnalyser().analyse(
        { contentType: "text", title: "", text: README, preDetected: [], context: NOTHING_KNOWN },
        { signal: new AbortController().signal, now },
      ),
    ];
    expect(second).toEqual(first);
  });

  it("hold no everyday word as a tag", async () => {
    for (const text of Object.values(texts)) {
      for (const tag of (await analyse(text)).result.tags) {
        expect(["the", "use", "new", "example", "way", "people", "file", "function", "today", "year"]).not.toContain(
          tag,
        );
      }
    }
  });
});

describe("the owner's own words", () => {
  it("come before new ones, also by alias and by company they keep", async () => {
    const context: AnalysisContext = {
      ...NOTHING_KNOWN,
      tags: [
        { name: "job-queue", count: 3 },
        { name: "databases", count: 9 },
        { name: "gardening", count: 50 },
        { name: "retries", count: 2 },
      ],
      aliases: [{ variant: "postgresql", canonical: "postgres" }],
      tag_pairs: [{ tags: ["job-queue", "retries"], count: 4 }],
    };
    const { result } = await analyse(README, { context });
    expect(result.tags).toEqual(expect.arrayContaining(["job-queue", "postgres"]));
    expect(result.tags).not.toContain("gardening");
    expect(result.tags.indexOf("job-queue")).toBeLessThan(result.tags.indexOf(result.new_tags[0]!));
    expect(result.new_tags).not.toContain("job-queue");
  });

  it("give a topic the place it has already", async () => {
    const { result } = await analyse(README, { context: { ...NOTHING_KNOWN, topics: ["Databases > Redis"] } });
    expect(result.topics.map((topic) => topic.hierarchy)).toContainEqual(["Databases", "Redis"]);
  });
});

it("confirms a pre-detected entity only when the prose speaks of it", async () => {
  const preDetected = [
    { id: "1", type: "repo", name: "example/lantern-queue" },
    { id: "2", type: "repo", name: "someone/unrelated" },
    { id: "3", type: "tool", name: "Redis" },
  ] as const;
  const { result } = await analyse(`${README}\n\nhttps://github.com/someone/unrelated`, {
    title: "lantern-queue",
    preDetected,
  });
  expect(result.pre_detected_validations).toEqual([
    { entity_id: "1", edge_type: "discusses", confirmed: true },
    { entity_id: "2", edge_type: "mentions", confirmed: false },
    { entity_id: "3", edge_type: "uses", confirmed: true },
  ]);
  expect(result.additional_entities.map((entity) => entity.name)).not.toContain("Redis");
});

describe("hostile and odd texts end soon in a sound answer", () => {
  const cases: [string, string, string[]][] = [
    ["nothing", "", ["TEXT_WITHOUT_PROSE"]],
    ["white space", " \n\t\n ", ["TEXT_WITHOUT_PROSE"]],
    ["one word", "Redis", []],
    ["emoji only", "😀 🎉 🚀 ".repeat(500), ["TEXT_WITHOUT_PROSE"]],
    ["NULs and half surrogates", "The queue\0 keeps\ud800 the job. ".repeat(20), []],
    ["10 MB of one line", "queue worker keeps the durable job. ".repeat(290_000), ["TEXT_SAMPLED"]],
    ["10 MB of one word", "a".repeat(10_000_000), ["TEXT_SAMPLED"]],
    [
      "100,000 equal lines",
      "the worker takes the job from the queue\n".repeat(100_000),
      ["TEXT_SAMPLED", "TEXT_REPETITIVE"],
    ],
    [
      "code only",
      `\`\`\`ts\n${"const a = b(c) ?? {};\n".repeat(2_000)}\`\`\``,
      ["TEXT_REPETITIVE", "TEXT_WITHOUT_PROSE"],
    ],
    ["open brackets", "[".repeat(100_000), ["TEXT_SAMPLED", "TEXT_WITHOUT_PROSE"]],
    ["open links", "[a](".repeat(50_000), ["TEXT_SAMPLED"]],
    ["open tags", '<a href="'.repeat(20_000), ["TEXT_SAMPLED"]],
    ["open comments", "<!--".repeat(20_000), ["TEXT_SAMPLED"]],
    ["backticks", "`".repeat(100_000), ["TEXT_SAMPLED"]],
    ["stars", "*a ".repeat(40_000), ["TEXT_SAMPLED"]],
    ["100,000 links", "see [x](https://example.com/a) ".repeat(100_000), ["TEXT_SAMPLED"]],
    ["full stops", ". ".repeat(60_000), ["TEXT_SAMPLED"]],
    ["capitals", "Anna Maria ".repeat(20_000), ["TEXT_SAMPLED"]],
    ["dashes", "-".repeat(60_000), []],
    ["tables", "| a | b |\n".repeat(9_000), []],
    ["a million blank lines", "\n".repeat(1_000_000), []],
  ];

  it.each(cases)("%s", async (_, text, expected) => {
    const before = process.cpuUsage();
    const analysis = await analyse(text);
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
    expect(codes(analysis)).toEqual(expect.arrayContaining(expected));
    expect(["C", "D"]).toContain(analysis.result.tier);
    expect(JSON.stringify(analysis)).not.toMatch(/\\u0000|\\ud800/);
    expect(analysis.result.summary.length).toBeLessThanOrEqual(3_000);
  });

  it("any text at all", async () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("\n\n", "# ", "- ", "```\n", "[a](b)", "| x |", "===\n", "Redis ", "the queue. ", "> ", "1. "),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        const { result } = await analyse(pieces.join(""));
        expect(result.quality_score).toBeGreaterThanOrEqual(1);
        expect(result.quality_score).toBeLessThanOrEqual(100);
      }),
      { numRuns: 60 },
    );
  });
});

it("advertising lands in tier D", async () => {
  const { result } = await analyse(
    "BUY NOW!!! CHEAP watches!!! Click here for a free trial!!! Best price guaranteed!!! Subscribe now!!!\n".repeat(3),
  );
  expect(result.tier).toBe("D");
  expect(result.tier_explanation.join()).toContain("sales phrases");
});

it("stops between steps with the signal's own reason", async () => {
  const controller = new AbortController();
  const running = analyse(README, {}, controller.signal);
  const reason = new Error("cancelled");
  controller.abort(reason);
  await expect(running).rejects.toBe(reason);
  await expect(analyse(README, {}, AbortSignal.abort(reason))).rejects.toBe(reason);
});
