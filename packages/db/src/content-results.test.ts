import { advance, type ClaimedJob, complete, fail, type Json } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { createContentStore } from "./content-store.ts";
import {
  claimed,
  createOwner,
  expireLease,
  HOLDER,
  newContent,
  newJob,
  OUTPUT,
  place,
  settle,
  storeUnderTest,
  submitted,
} from "./job-store.fixture.ts";
import { newId } from "./new-id.ts";

const t = storeUnderTest();
const contents = () => createContentStore(t.db);

const entity = (type: string, name: string, over: object = {}): Json => ({
  type,
  name,
  normalized_name: name.toLowerCase(),
  hierarchy: [],
  edge_type: "uses",
  confidence: 0.9,
  source: "ai_extracted",
  ...over,
});
const TOPIC = entity("topic", "Queues", {
  normalized_name: "computing > queues",
  hierarchy: ["Computing", "Queues"],
  edge_type: "discusses",
  confidence: 0.7,
});
const REPO = entity("repo", "a/b", { source: "url_detected" });

async function start(ownerId: string, resourceKey = `cid:${newId()}`) {
  const job = newJob(ownerId, { resourceKey, content: newContent({ isForced: true }), dataTier: "full" });
  const { jobId, contentId } = await submitted(t.store, job);
  return { job: await claimed(t.store, jobId), contentId: contentId! };
}

const completeWith = (job: ClaimedJob, result: Json) =>
  settle(t.store, job, complete({ output: result, warnings: [] }));

async function linksOf(contentId: string): Promise<string[]> {
  const found = await contents().listEntitiesOf(contentId);
  return found.map((e) => `${e.entityType} ${e.name} ${e.edgeType} ${e.confidence} ${e.source}`);
}

const textOf = (job: ClaimedJob, body: string) => ({
  jobId: job.id,
  fence: job.fence,
  title: "A title",
  tags: ["tagged"],
  summary: "In short.",
  body,
});

async function find(ownerId: string, text: string): Promise<string[]> {
  return (await contents().listContents({ ownerId, text, limit: 10 })).map(({ id }) => id);
}

describe("a completed run's result (A2.4, A2.11)", () => {
  it("writes entities and how the content speaks of them, topics with their hierarchy", async () => {
    const ownerId = await createOwner(t.db);
    const { job, contentId } = await start(ownerId);
    await completeWith(job, { entities: [TOPIC, REPO, entity("tool", "Redis")] });
    const found = await contents().listEntitiesOf(contentId);
    expect(await linksOf(contentId)).toEqual([
      "repo a/b uses 0.9 url_detected",
      "tool Redis uses 0.9 ai_extracted",
      "topic Queues discusses 0.7 ai_extracted",
    ]);
    const topic = found.find(({ name }) => name === "Queues")!;
    expect(await contents().findEntity(topic.id, ownerId)).toMatchObject({
      ownerId,
      entityType: "topic",
      name: "Queues",
      hierarchy: ["Computing", "Queues"],
      contentCount: 1,
      createdAt: expect.any(Date),
    });
    expect(await contents().findEntity(topic.id, t.ownerId)).toBeUndefined();
    expect(await contents().findEntity("nonsense", null)).toBeUndefined();
  });

  it("shares an owner's entities between contents and none between owners (A-Q03)", async () => {
    const [one, other] = [await createOwner(t.db), await createOwner(t.db)];
    const ids: string[] = [];
    for (const ownerId of [one, one, other]) {
      const { job, contentId } = await start(ownerId);
      await completeWith(job, { entities: [entity("tool", "Redis")] });
      ids.push((await contents().listEntitiesOf(contentId))[0]!.id);
    }
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
    expect((await contents().findEntity(ids[0]!, one))?.contentCount).toBe(2);
  });

  it("is replaced by the next completed run's, not by one that failed, and keeps what people added", async () => {
    const ownerId = await createOwner(t.db);
    const resourceKey = `cid:${newId()}`;
    const first = await start(ownerId, resourceKey);
    await completeWith(first.job, { entities: [TOPIC, entity("tool", "Redis")] });
    await t.db.query(
      "update content_entities set source = 'user_created' where content_id = $1 and entity_id in (select id from entities where name = 'Redis')",
      [first.contentId],
    );
    const failing = await start(ownerId, resourceKey);
    await settle(t.store, failing.job, fail({ code: "PARSE_FAILED", message: "no", stage: "one" }));
    expect(await linksOf(first.contentId)).toHaveLength(2);
    const second = await start(ownerId, resourceKey);
    await completeWith(second.job, { entities: [REPO, entity("tool", "Redis")] });
    const links = await linksOf(first.contentId);
    expect(links).toEqual(["repo a/b uses 0.9 url_detected", "tool Redis uses 0.9 user_created"]);
    const third = await start(ownerId, resourceKey);
    await completeWith(third.job, { title: "a run that looked for no entities" });
    expect(await linksOf(first.contentId)).toEqual(links);
  });

  it("leaves out entries of another shape and never stops the job", async () => {
    const nonsense: Json[] = [
      { entities: "none", aliases: 7 },
      { entities: [7, null, "x", [], { type: "animal", name: "cat" }, { type: "tool" }, { type: "tool", name: " " }] },
      { aliases: [1, { variant: "a" }, { variant: 1, canonical: 2 }, { variant: "same", canonical: "same" }] },
      { entities: [{ type: "tool", name: "x".repeat(5_000), confidence: "sure", edge_type: "eats", source: "me" }] },
      {
        entities: [
          { type: "person", name: "P", confidence: 1e300 },
          { type: "person", name: "p", confidence: -1 },
        ],
      },
    ];
    const links: string[][] = [];
    for (const result of nonsense) {
      const { job, contentId } = await start(t.ownerId);
      expect(await completeWith(job, result)).toMatchObject({ kind: "applied", status: "completed" });
      links.push(await linksOf(contentId));
    }
    expect(links).toEqual([
      [],
      [],
      [],
      [`tool ${"x".repeat(200)} mentions 0.6 ai_extracted`],
      ["person P mentions 1 ai_extracted"],
    ]);
  });

  it("records aliases with how often they were met, and the next analysis is told of them", async () => {
    const ownerId = await createOwner(t.db);
    const alias = (variant: string, canonical: string) => ({ variant, canonical });
    for (const aliases of [[alias("k8s", "kubernetes")], [alias("k8s", "kubernetes"), alias("queus", "queues")]]) {
      const { job } = await start(ownerId);
      await completeWith(job, { tags: ["kubernetes"], aliases });
    }
    expect((await contents().contextFor(ownerId)).aliases).toEqual([
      alias("k8s", "kubernetes"),
      alias("queus", "queues"),
    ]);
    expect((await contents().contextFor(t.ownerId)).aliases).toEqual([]);
    const rows = await t.db.query("select variant, usage_count from tag_aliases where owner_id = $1 order by 1", [
      ownerId,
    ]);
    expect(rows).toEqual([
      { variant: "k8s", usage_count: 2 },
      { variant: "queus", usage_count: 1 },
    ]);
    expect(await contents().listTags({ ownerId, prefix: "", limit: 10 })).toEqual([
      { tag: "kubernetes", count: 2, aliases: ["k8s"] },
    ]);
  });

  it("is written once by many jobs that end at the same time and name the same things", async () => {
    const ownerId = await createOwner(t.db);
    const names = Array.from({ length: 12 }, (_, n) => `Tool ${n}`);
    const jobs = await Promise.all(Array.from({ length: 24 }, () => start(ownerId)));
    const answers = await Promise.all(
      jobs.map(({ job }, n) => {
        const ordered = n % 2 === 0 ? names : [...names].reverse();
        const aliases = ordered.map((name) => ({ variant: name, canonical: "tool" }));
        return completeWith(job, { entities: ordered.map((name) => entity("tool", name)), aliases });
      }),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(answers.map(() => "applied"));
    const [counted] = await t.db.query("select count(*)::int as n from entities where owner_id = $1", [ownerId]);
    expect(counted).toEqual({ n: 12 });
    for (const { contentId } of jobs) expect(await linksOf(contentId)).toHaveLength(12);
    const aliases = await t.db.query("select distinct usage_count from tag_aliases where owner_id = $1", [ownerId]);
    expect(aliases).toEqual([{ usage_count: 24 }]);
  });
});

describe("half a result is never left (A-Q10, A2.2)", () => {
  it("a cancelled job's words, entities and aliases are none", async () => {
    const ownerId = await createOwner(t.db);
    const { job, contentId } = await start(ownerId);
    await contents().keepText(textOf(job, "zanzibar"));
    expect(await find(ownerId, "zanzibar")).toEqual([]);
    await t.store.cancel({ jobId: job.id, ownerId: null, by: "a", reason: null });
    const aliases = [{ variant: "k8s", canonical: "kubernetes" }];
    const answer = await completeWith(job, { entities: [TOPIC], aliases, tags: ["new"] });
    expect(answer).toMatchObject({ kind: "applied", status: "cancelled" });
    expect(await linksOf(contentId)).toEqual([]);
    expect((await contents().contextFor(ownerId)).aliases).toEqual([]);
    expect(await find(ownerId, "zanzibar")).toEqual([]);
    expect(await t.db.query("select job_id from content_texts where content_id = $1", [contentId])).toEqual([]);
  });

  it("a zombie writes nothing: neither its words, its payload nor its result", async () => {
    const ownerId = await createOwner(t.db);
    const { job: zombie, contentId } = await start(ownerId);
    await expireLease(t.db, zombie.id);
    const job = await claimed(t.store, zombie.id, { ...HOLDER, worker: "worker-2" });
    await contents().keepText(textOf(zombie, "from beyond"));
    await contents().keepPayload({ jobId: zombie.id, fence: zombie.fence, stage: "one", payload: { from: "zombie" } });
    expect(await completeWith(zombie, { entities: [TOPIC] })).toMatchObject({ kind: "fenced" });
    expect(await contents().listPayloads(job.id)).toEqual([]);
    expect(await t.db.query("select job_id from content_texts where job_id = $1", [job.id])).toEqual([]);
    await contents().keepText(textOf(job, "from the living"));
    await contents().keepPayload({ jobId: job.id, fence: job.fence, stage: "one", payload: { from: "living" } });
    await settle(t.store, job, complete({ output: { entities: [REPO] }, warnings: [] }));
    await contents().keepText(textOf(zombie, "from beyond"));
    await contents().keepText(textOf(job, "too late"));
    expect(await linksOf(contentId)).toEqual(["repo a/b uses 0.9 url_detected"]);
    expect(await find(ownerId, "living")).toEqual([contentId]);
    expect(await find(ownerId, "beyond or late")).toEqual([]);
    expect(await contents().listPayloads(job.id)).toMatchObject([{ stage: "one", payload: { from: "living" } }]);
  });

  it("a failed run leaves the earlier run's words to be found, and a later one replaces them", async () => {
    const ownerId = await createOwner(t.db);
    const resourceKey = `cid:${newId()}`;
    const first = await start(ownerId, resourceKey);
    await contents().keepText(textOf(first.job, "aardvark"));
    await contents().keepText(textOf(first.job, "aardvark again"));
    await completeWith(first.job, {});
    const second = await start(ownerId, resourceKey);
    await contents().keepText(textOf(second.job, "buffalo"));
    await settle(t.store, second.job, fail({ code: "PARSE_FAILED", message: "no", stage: "one" }));
    expect([await find(ownerId, "aardvark"), await find(ownerId, "buffalo")]).toEqual([[first.contentId], []]);
    const third = await start(ownerId, resourceKey);
    await contents().keepText(textOf(third.job, "cassowary"));
    await completeWith(third.job, {});
    expect([await find(ownerId, "aardvark"), await find(ownerId, "cassowary")]).toEqual([[], [first.contentId]]);
  });

  it("a run that kept no words is found by title, tags and summary of its result", async () => {
    const ownerId = await createOwner(t.db);
    const { job, contentId } = await start(ownerId);
    const unified_result = { summary: "About giraffes.", tags: ["okapi"] };
    await completeWith(job, { title: "Zebras", tags: ["antelope"], unified_result });
    for (const word of ["giraffe", "okapi", "zebra", "antelopes"])
      expect(await find(ownerId, word), word).toEqual([contentId]);
  });

  it("takes a text of any words and any length", async () => {
    const ownerId = await createOwner(t.db);
    const texts = [
      Array.from({ length: 120_000 }, (_, n) => `w${n.toString(36)}q${n}`).join(" "),
      "漢字".repeat(200_000),
      "\u0000 a\u0000b <b>'; drop table contents; -- \ud800",
      "",
    ];
    for (const body of texts) {
      const { job, contentId } = await start(ownerId);
      await contents().keepText({ ...textOf(job, body), title: "Whatever" });
      await completeWith(job, {});
      expect((await find(ownerId, "whatever"))[0]).toBe(contentId);
    }
  });
});

describe("records of a run", () => {
  it("A-Q13: a payload is kept for the full tier only, with its job", async () => {
    const ownerId = await createOwner(t.db);
    const { jobId } = await submitted(t.store, newJob(ownerId, { dataTier: "compact" }));
    const compact = await claimed(t.store, jobId);
    await contents().keepPayload({ jobId, fence: compact.fence, stage: "one", payload: { a: 1 } });
    expect(await contents().listPayloads(jobId)).toEqual([]);
    const { job } = await start(ownerId);
    await contents().keepPayload({ jobId: job.id, fence: job.fence, stage: "one", payload: { nul: "a\u0000b" } });
    await settle(t.store, job, advance(place("two", 1), OUTPUT));
    expect(await contents().listPayloads(job.id)).toMatchObject([{ stage: "one", payload: { nul: "ab" } }]);
    await t.db.query("delete from pipeline_jobs where id = $1", [job.id]);
    expect(await contents().listPayloads(job.id)).toEqual([]);
  });

  it("A2.4: usage counts once for each claim, by provider and model, and outlives the job", async () => {
    const ownerId = await createOwner(t.db);
    const used = (model: string, over: object = {}) => ({
      jobId: newId(),
      ownerId,
      stage: "analyse",
      fence: 1,
      provider: "api.example.com",
      model,
      calls: 2,
      inputTokens: 1_000,
      outputTokens: 100,
      costUsd: 0.25,
      ...over,
    });
    const first = used("small");
    for (const record of [first, first, { ...first, fence: 2 }, used("small"), used("large", { costUsd: null })]) {
      await contents().recordUsage(record);
    }
    const span = { from: new Date(Date.now() - 3_600_000), to: new Date(Date.now() + 3_600_000) };
    const each = { provider: "api.example.com", inputTokens: 1_000, outputTokens: 100 };
    expect(await contents().readUsage({ ownerId, ...span })).toEqual([
      { ...each, model: "large", jobs: 1, calls: 2, costUsd: 0, unpricedCalls: 2 },
      {
        ...each,
        model: "small",
        jobs: 2,
        calls: 6,
        inputTokens: 3_000,
        outputTokens: 300,
        costUsd: 0.75,
        unpricedCalls: 0,
      },
    ]);
    expect(await contents().readUsage({ ownerId, from: span.to, to: span.to })).toEqual([]);
    expect(await contents().readUsage({ ownerId: t.ownerId, ...span })).toEqual([]);
    expect((await contents().readUsage({ ownerId: null, ...span })).length).toBe(2);
  });
});
