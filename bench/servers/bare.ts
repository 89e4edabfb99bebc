// The ceiling: an Express endpoint that checks its body with zod and answers, keeping nothing.
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import express from "express";
import { z } from "zod";

const body = z.strictObject({ pipeline: z.string(), input: z.strictObject({ key: z.string() }) });
const app = express();
app.disable("x-powered-by");
app.use(express.json());
app.post("/api/v1/jobs", (request, response) => {
  const parsed = body.safeParse(request.body);
  if (!parsed.success) return response.status(400).json({ error: z.prettifyError(parsed.error) });
  return response.status(202).json({ job_id: randomUUID(), status: "submitted", deduplicated: false });
});
const server = app.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
