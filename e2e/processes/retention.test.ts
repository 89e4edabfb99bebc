import { until } from "@millrace/testing";
import { afterEach, expect, it } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";

let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

it("A-Q13 A-S10 D-8 a worker that comes to lead makes full jobs compact after 60 days and deletes jobs after 180, unasked", {
  timeout: 150_000,
}, async () => {
  cluster = await startCluster();
  const { call, reaches, sql } = cluster;
  const upload = async (name: string): Promise<{ jobId: string; contentId: string }> => {
    const form = new FormData();
    form.append("file", new Blob([`# ${name}\n\nThe mill grinds, and the water turns the mill.\n`]), `${name}.md`);
    form.append("data_tier", "full");
    const { status, body } = await (cluster as Cluster).call("POST", "/content", form);
    expect(status).toBe(202);
    return { jobId: body.job_id, contentId: body.content_id };
  };
  const [young, middle, past] = [await upload("young"), await upload("middle"), await upload("past")];
  const first = await cluster.startWorker("w1");
  for (const { jobId } of [young, middle, past]) await reaches(jobId, "completed");
  await cluster.kill(first);

  const age = (jobId: string, days: number) =>
    sql`UPDATE pipeline_jobs SET finished_at = now() - ${`${days} days`}::interval WHERE id = ${jobId}`;
  await age(young.jobId, 59);
  await age(middle.jobId, 61);
  // a job's id tells when it was made, so an old job is one with an old id
  const oldId = "01890000-0000-7000-8000-000000000001";
  await sql`
    INSERT INTO pipeline_jobs OVERRIDING SYSTEM VALUE
    SELECT (jsonb_populate_record(j, jsonb_build_object('id', ${oldId}::text, 'seq', j.seq + 1000000,
      'created_at', now() - interval '182 days', 'started_at', now() - interval '182 days',
      'finished_at', now() - interval '181 days'))).*
    FROM pipeline_jobs j WHERE id = ${past.jobId}`;
  expect((await call("GET", `/jobs/${oldId}`)).body).toMatchObject({ content_id: past.contentId, status: "completed" });
  // the killed worker's term as leader would have to run out first
  await sql`DELETE FROM leases`;
  const second = await cluster.startWorker("w2");

  await until(async () => (await call("GET", `/jobs/${oldId}`)).status === 404, {
    timeoutMs: 60_000,
    everyMs: 100,
    message: () => `the old job to be gone\n${second.output.join("")}`,
  });
  const tierOf = async (jobId: string) => (await call("GET", `/jobs/${jobId}?verbose=true`)).body.data_tier;
  await until(async () => (await tierOf(middle.jobId)) === "compact", {
    timeoutMs: 60_000,
    everyMs: 100,
    message: "the full job to be compact",
  });
  expect(await tierOf(young.jobId)).toBe("full");
  expect((await call("GET", `/jobs/${past.jobId}`)).status).toBe(200);
  const { status, body } = await call("GET", `/content/${past.contentId}`);
  expect([status, body.processing_status, body.summary]).toEqual([200, "completed", expect.any(String)]);
});
