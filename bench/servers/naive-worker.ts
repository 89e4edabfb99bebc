// The usual way on the same stack: after each of four stages an awaited UPDATE of the job's row.
import { Worker } from "bullmq";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { Redis } from "ioredis";
import postgres from "postgres";
import { naiveJobs } from "./naive-jobs.ts";

const db = drizzle(postgres(process.env["DATABASE_URL"] ?? "", { max: 10 }));
const connection = new Redis(process.env["REDIS_URL"] ?? "", { maxRetriesPerRequest: null });
new Worker<{ id: string }>(
  "naive",
  async (job) => {
    for (const stage of [1, 2, 3, 4]) {
      const status = stage === 4 ? "completed" : "processing";
      const change = { status, stage, result: { n: stage }, updatedAt: new Date() };
      await db.update(naiveJobs).set(change).where(eq(naiveJobs.id, job.data.id));
    }
  },
  { connection, concurrency: 200 },
);
process.send?.({ port: 0 });
