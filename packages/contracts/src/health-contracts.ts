import { z } from "zod";

export const health = z
  .object({
    status: z.literal("ok"),
    app_version: z.string(),
    git_sha: z.string(),
    build_date: z.string(),
  })
  .meta({ id: "Health" });

const check = z
  .object({ status: z.enum(["ok", "failed"]), latency_ms: z.number(), error: z.string().optional() })
  .meta({ id: "DependencyCheck" });
export type DependencyCheck = z.output<typeof check>;

/** `degraded`: work is accepted, but something that carries it on does not answer. */
export const readiness = z
  .object({
    status: z.enum(["ready", "degraded", "unavailable", "stopping"]),
    checks: z.object({ postgres: check, redis: check, blobs: check }),
  })
  .meta({ id: "Readiness" });
export type Readiness = z.output<typeof readiness>;
