import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answered, startTestApi, type TestApi } from "../test-api.fixture.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

interface Written {
  readonly title: string;
  readonly body: string;
  readonly tags?: string[];
  readonly tier?: string;
  readonly entities?: string[];
  readonly aliases?: { variant: string; canonical: string }[];
  readonly key?: string;
}

let made = 0;

/** A content whose job is completed, as the pipeline would have left it. Returns its id. */
async function written({
  title,
  body,
  tags = [],
  tier = "B",
  entities = [],
  aliases = [],
  key,
}: Written): Promise<string> {
  const url = `https://example.com/found-${++made}`;
  const { body: accepted } = await api.call("ingestUrl", { body: { url, tags }, ...(key && { key }) });
  const { job_id, content_id } = accepted;
  const text = { jobId: job_id, title, tags, summary: "", body };
  // the claim comes before what is kept under its fence
  const fence = await api.claim(job_id);
  await api.contents.keepText({ ...text, fence });
  await api.finishClaimed(job_id, fence, {
    title,
    tags,
    unified_result: { tier, quality_score: 50, summary: `About ${title}`, tags: [] },
    entities: entities.map((name) => ({
      type: "tool",
      name,
      normalized_name: name.toLowerCase(),
      hierarchy: [],
      edge_type: "uses",
      confidence: 0.9,
      source: "ai_extracted",
    })),
    aliases,
  });
  return content_id;
}

const idsOf = ({ body }: Answered): string[] => body.contents.map((c: { content_id: string }) => c.content_id);
const search = (query: Record<string, unknown>, key?: string) =>
  api.call("listContent", { query, ...(key && { key }) });

describe("GET /content?q= (issue 4: search)", () => {
  it("finds by words of the text, the best match first, and shows where they stand", async () => {
    const inTitle = await written({ title: "Walrus colonies", body: "Ice and sea." });
    const often = await written({ title: "Animals", body: "The walrus, more walruses, a walrus again." });
    const once = await written({
      title: "A list",
      body: `${"Something else. ".repeat(3_000)} One walrus & its friends, 2 < 3, stand here, far from the beginning of it all.`,
    });
    const answer = await search({ q: "walrus" });
    expect(idsOf(answer)).toEqual([inTitle, often, once]);
    expect(answer.body.contents[0].match.title).toBe("<mark>Walrus</mark> colonies");
    expect(answer.body.contents[1].match.snippet).toContain("more <mark>walruses</mark>");
    expect(answer.body.contents[2].match.snippet).toContain("<mark>walrus</mark> &amp; its friends, 2 &lt; 3");
    const ranks = answer.body.contents.map((c: { match: { rank: number } }) => c.match.rank);
    expect(ranks).toEqual([...ranks].sort((a, b) => b - a));
    expect(idsOf(await search({ q: '"ice and sea"' }))).toEqual([inTitle]);
    expect(idsOf(await search({ q: "walrus -animals" }))).toEqual([inTitle, once]);
    expect(idsOf(await search({ q: "the" }))).toEqual([]);
    expect(idsOf(await search({ q: "nowhere" }))).toEqual([]);
  });

  it("reads any query, whatever it holds", async () => {
    for (const q of [
      "'",
      '"',
      "\\",
      "a & | !",
      "(((",
      ":*",
      "<->",
      "%",
      "'; drop table contents; --",
      "漢字",
      "-",
      "é\uE000",
    ]) {
      expect((await search({ q })).status, q).toBe(200);
    }
  });

  it("pages by rank without losing or repeating one, also among equals", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 7; n++)
      ids.push(await written({ title: "Same", body: n % 2 === 0 ? "An ocelot." : "An ocelot, an ocelot." }));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const answer: Answered = await search({ q: "ocelot", limit: 3, ...(cursor && { cursor }) });
      seen.push(...idsOf(answer));
      cursor = answer.body.next_cursor;
    } while (cursor !== null);
    expect(seen).toHaveLength(7);
    expect(new Set(seen)).toEqual(new Set(ids));
  });

  it("goes together with tags, tier, status and entity", async () => {
    const wanted = await written({ title: "Lynx", body: "forest", tags: ["cat"], tier: "A", entities: ["Binoculars"] });
    await written({ title: "Lynx", body: "forest", tags: ["cat"], tier: "B" });
    await written({ title: "Lynx", body: "forest", tags: ["dog"], tier: "A" });
    const { body } = await api.call("listContentEntities", { params: { id: wanted } });
    const entity = body.entities[0].entity_id;
    expect(idsOf(await search({ q: "lynx", tags: "cat", tier: "A" }))).toEqual([wanted]);
    expect(idsOf(await search({ q: "lynx", entity }))).toEqual([wanted]);
    expect(idsOf(await search({ entity }))).toEqual([wanted]);
    expect(idsOf(await search({ tags: "cat", tier: "A" }))).toEqual([wanted]);
    expect(idsOf(await search({ q: "lynx", status: "failed" }))).toEqual([]);
    expect(idsOf(await search({ q: "lynx" }))).toHaveLength(3);
  });

  it("A-Q03 finds the owner's own only; an admin finds everybody's", async () => {
    const foreign = await written({ title: "Narwhal", body: "deep", entities: ["Tusk"], key: api.keys.foreign });
    expect(idsOf(await search({ q: "narwhal" }))).toEqual([]);
    expect(idsOf(await search({ q: "narwhal" }, api.keys.foreign))).toEqual([foreign]);
    expect(idsOf(await search({ q: "narwhal" }, api.keys.admin))).toEqual([foreign]);
    const { body } = await api.call("listContentEntities", { params: { id: foreign }, key: api.keys.foreign });
    const entity = body.entities[0].entity_id;
    expect(idsOf(await search({ entity }))).toEqual([]);
    expect((await api.call("readEntity", { params: { id: entity } })).status).toBe(404);
    expect((await api.call("readEntity", { params: { id: entity }, key: api.keys.foreign })).status).toBe(200);
  });

  it("A2.6 hides the tag test unless it is asked for", async () => {
    const hidden = await written({ title: "Quokka", body: "x", tags: ["test"] });
    const shown = await written({ title: "Quokka", body: "x", tags: ["real"] });
    expect(idsOf(await search({ q: "quokka" }))).toEqual([shown]);
    expect(idsOf(await search({ q: "quokka", tags: "test" }))).toEqual([hidden]);
    expect(idsOf(await search({ q: "quokka", exclude_tags: "other" })).sort()).toEqual([hidden, shown].sort());
    expect(idsOf(await search({ q: "quokka", exclude_tags: ["real", "other"] }))).toEqual([hidden]);
  });

  it.each([
    ["tier", { tier: "E" }],
    ["status", { status: "running" }],
    ["entity", { entity: "redis" }],
    ["q", { q: " " }],
    ["q", { q: "x".repeat(501) }],
    ["q", { q: ["a", "b"] }],
    ["content_type", { content_type: "docx" }],
    ["cursor", { cursor: "x" }],
    ["limit", { limit: 0 }],
    ["colour", { colour: "red" }],
  ])("A2.6 refuses a wrong filter, naming the field %s", async (field, query) => {
    const { status, body } = await search(query);
    expect(status).toBe(400);
    expect(body.errors[0].field).toBe(field);
  });

  it("refuses the cursor of a list in another order", async () => {
    await written({ title: "Tapir one", body: "x" });
    await written({ title: "Tapir two", body: "x" });
    const ranked = await search({ q: "tapir", limit: 1 });
    const { status, body } = await search({ cursor: ranked.body.next_cursor });
    expect([status, body.errors[0].field]).toEqual([400, "cursor"]);
  });
});

describe("GET /tags, /entities/{id} and /content/{id}/related (A2.6)", () => {
  it("lists tags with counts and the spellings taken for them", async () => {
    const aliases = [{ variant: "zoolgy", canonical: "zoology" }];
    await written({ title: "a", body: "a", tags: ["zoology", "zoo"], aliases });
    await written({ title: "b", body: "b", tags: ["zoology"] });
    const { body } = await api.call("listTags", { query: { prefix: "zoo" } });
    expect(body.tags).toEqual([
      { tag: "zoology", count: 2, aliases: ["zoolgy"] },
      { tag: "zoo", count: 1, aliases: [] },
    ]);
    expect((await api.call("listTags", { query: { prefix: "zoo", limit: 1 } })).body.tags).toHaveLength(1);
    expect((await api.call("listTags", { query: { prefix: "zoo" }, key: api.keys.foreign })).body.tags).toEqual([]);
    const { status, body: refused } = await api.call("listTags", { query: { limit: "many" } });
    expect([status, refused.errors[0].field]).toEqual([400, "limit"]);
  });

  it("relates contents that share entities, a rare one before a common one, and no other owner's", async () => {
    const from = await written({ title: "from", body: "x", entities: ["Common", "Rare"] });
    const near = await written({ title: "near", body: "x", entities: ["Rare"] });
    const far = await written({ title: "far", body: "x", entities: ["Common"] });
    const further = await written({ title: "further", body: "x", entities: ["Common"] });
    const both = await written({ title: "both", body: "x", entities: ["Rare", "Common"] });
    await written({ title: "none", body: "x", entities: ["Elsewhere"] });
    await written({ title: "foreign", body: "x", entities: ["Rare"], key: api.keys.foreign });
    const answer = await api.call("listRelatedContent", { params: { id: from } });
    expect(idsOf(answer)).toEqual([both, near, further, far]);
    expect(answer.body.contents[1].shared_entities).toEqual([
      { entity_id: expect.any(String), entity_type: "tool", name: "Rare" },
    ]);
    const { body } = await api.call("readEntity", {
      params: { id: answer.body.contents[1].shared_entities[0].entity_id },
    });
    expect(body).toMatchObject({ entity_type: "tool", name: "Rare", hierarchy: [], content_count: 3 });
    expect(idsOf(await api.call("listRelatedContent", { params: { id: from }, query: { limit: 1 } }))).toEqual([both]);
  });
});

describe("GET /jobs/drift and /usage (A2.6)", () => {
  it("counts contents by the version that processed them; only major and minor tell", async () => {
    const before = (await api.call("readDrift")).body;
    await written({ title: "v", body: "v" });
    const { body } = await api.call("readDrift");
    expect(body).toMatchObject({
      current_version: "0.1.0",
      stale_content: [],
      total_stale: 0,
      unknown_version_count: 0,
    });
    expect(body.total_content).toBe(before.total_content + 1);
    const versions = ["0.1.9", "0.0.3", "0.0.3", "1.1.0", "nightly"];
    await api.seedVersions(versions);
    const { body: drifted } = await api.call("readDrift");
    expect(drifted).toEqual({
      current_version: "0.1.0",
      stale_content: [
        { version: "0.0.3", count: 2 },
        { version: "1.1.0", count: 1 },
      ],
      total_stale: 3,
      unknown_version_count: 1,
      total_content: body.total_content + versions.length,
    });
    expect((await api.call("readDrift", { key: api.keys.foreign })).body.total_stale).toBe(0);
  });

  it("adds up tokens and cost by provider and model, of the owner's jobs", async () => {
    const used = {
      ownerId: api.ownerId,
      stage: "analyse",
      fence: 1,
      calls: 1,
      inputTokens: 100,
      outputTokens: 10,
      costUsd: 0.5,
    };
    const record = (n: number, provider: string, model: string, over: object = {}) =>
      api.contents.recordUsage({ ...used, jobId: `00000000-0000-7000-8000-00000000000${n}`, provider, model, ...over });
    await record(1, "a.example", "m");
    await record(2, "a.example", "n", { costUsd: null });
    await record(3, "b.example", "m", { calls: 2 });
    const { body } = await api.call("readUsage");
    expect(body).toMatchObject({ calls: 4, input_tokens: 300, output_tokens: 30, cost_usd: 1, unpriced_calls: 1 });
    expect(body.providers).toMatchObject([
      {
        provider: "a.example",
        calls: 2,
        cost_usd: 0.5,
        models: [
          { model: "m", jobs: 1 },
          { model: "n", unpriced_calls: 1 },
        ],
      },
      { provider: "b.example", calls: 2, models: [{ model: "m", calls: 2 }] },
    ]);
    expect(new Date(body.to).getTime() - new Date(body.from).getTime()).toBe(30 * 86_400_000);
    const earlier = { from: "2020-01-01T00:00:00Z", to: "2020-02-01T00:00:00+01:00" };
    expect((await api.call("readUsage", { query: earlier })).body).toMatchObject({ calls: 0, providers: [] });
    expect((await api.call("readUsage", { key: api.keys.foreign })).body.calls).toBe(0);
  });

  it.each([
    [{ from: "yesterday" }, "from"],
    [{ from: "2026-02-01T00:00:00Z", to: "2026-01-01T00:00:00Z" }, "from"],
    [{ to: "2026-13-01T00:00:00Z" }, "to"],
  ])("refuses %o, naming the field", async (query, field) => {
    const { status, body } = await api.call("readUsage", { query });
    expect([status, body.errors[0].field]).toEqual([400, field]);
  });
});

describe("A-S10 A-Q13 A-Q14 the full tier", () => {
  it("shows prompts and answers to the owner and an admin, audited; others get 404", async () => {
    const { body } = await api.call("ingestUrl", {
      body: { url: `https://example.com/full-${++made}`, data_tier: "full" },
    });
    const fence = await api.claim(body.job_id);
    const payload = { prompt: "what was asked", raw_answer: "what was said" };
    await api.contents.keepPayload({ jobId: body.job_id, fence, stage: "analyse", payload });
    const read = (key: string, verbose = true) =>
      api.call("readJob", { params: { id: body.job_id }, query: { verbose }, key });
    const audits = async () =>
      (await api.audits()).filter((a) => a["event"] === "audit.full_tier_access" && a["job_id"] === body.job_id).length;
    expect((await read(api.keys.own, false)).body).not.toHaveProperty("payloads");
    expect((await read(api.keys.foreign)).status).toBe(404);
    expect(await audits()).toBe(0);
    expect((await read(api.keys.own)).body.payloads).toEqual([
      { stage: "analyse", payload, created_at: expect.any(String) },
    ]);
    expect((await read(api.keys.admin)).body.payloads).toHaveLength(1);
    expect(await audits()).toBe(2);
  });

  it("A-S10 a compact job has no such field", async () => {
    const { body } = await api.call("ingestUrl", { body: { url: `https://example.com/compact-${++made}` } });
    const answer = await api.call("readJob", { params: { id: body.job_id }, query: { verbose: true } });
    expect(answer.body).not.toHaveProperty("payloads");
    expect(answer.body.data_tier).toBe("compact");
  });
});
