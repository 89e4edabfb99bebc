// The usual way on the same stack (Express, Drizzle, BullMQ): insert a row, add a job, answer.
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { Queue } from "bullmq";
import { drizzle } from "drizzle-orm/postgres-js";
import express from "express";
import { Redis } from "ioredis";
import postgres from "postgres";
import { z } from "zod";
import { naiveJobs } from "./naive-jobs.ts";

const db = drizzle(postgres(process.env["DATABASE_URL"] ?? "", { max: 10 }));
const queue = new Queue("naive", {
  connection: new Redis(process.env["REDIS_URL"] ?? "", { maxRetriesPerRequest: null }),
});
const body = z.strictObject({ pipeline: z.string(), input: z.strictObject({ key: z.string() }) });
const app = express();
app.disable("x-powered-by");
app.use(express.json());
app.post("/api/v1/jobs", async (request, response) => {
  const parsed = body.safeParse(request.body);
  if (!parsed.success) return response.status(400).json({ error: z.prettifyError(parsed.error) });
  const id = randomUUID();
  const input = parsed.data.input;
  await db.insert(naiveJobs).values({ id, resourceKey: input.key, status: "pending", input });
  await queue.add("job", { id }, { jobId: `j-${id}`, removeOnComplete: true });
  return response.status(202).json({ job_id: id, status: "submitted", deduplicated: false });
});
const server = app.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
