import { PRIORITIES } from "@millrace/core";
import { z } from "zod";
import { instant, nullableInstant } from "./parts.ts";
import type { Route } from "./route.ts";

const route = <const R extends Route>(value: R): R => value;

const operating = { tag: "quotas", isAdminOnly: true } as const;

const service = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,49}$/, "must be a service's name, such as youtube");
const pool = z.string().regex(/^(\*|[A-Za-z0-9][A-Za-z0-9_.-]{0,49})$/, "must be a pool's name, or * for every pool");
const provider = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,49}$/, "must be a provider's name, such as kie");

const quota = z
  .object({
    service: z.string(),
    pool: z.string(),
    daily_limit: z.int().nullable().meta({ description: "Units a day; null: no limit." }),
    is_own: z.boolean().meta({ description: "False: the row of every pool speaks for it, or none." }),
    time_zone: z.string().meta({ description: "Where its day begins at midnight." }),
    day: z.iso.date(),
    resets_at: instant,
    units_used: z.int(),
    units_reserved: z.int().meta({ description: "Of jobs under way that have not said yet what they used." }),
    paused_until: nullableInstant,
    pause_reason: z.string().nullable(),
    waiting: z.int().meta({ description: "Jobs parked until there is some again." }),
  })
  .meta({ id: "Quota" });

const quotaChange = z
  .strictObject({
    daily_limit: z.int().min(0).nullable().optional(),
    time_zone: z.string().min(1).max(64).optional().meta({ description: "A name of the IANA database." }),
    paused_until: z.iso.datetime({ offset: true }).nullable().optional().meta({ description: "Null ends a pause." }),
    pause_reason: z.string().trim().max(500).optional(),
  })
  .refine((change) => Object.keys(change).length > 0, "nothing to change")
  .meta({ id: "QuotaChange" });

const permit = z
  .object({
    provider: z.string(),
    permits: z.int().nullable().meta({ description: "Calls at a time over all workers; null: no limit." }),
    held: z.int(),
  })
  .meta({ id: "Permits" });

const permitChange = z
  .strictObject({ permits: z.int().min(0).max(1_000_000).nullable() })
  .meta({ id: "PermitsChange" });

const jobChange = z.strictObject({ priority: z.enum(PRIORITIES) }).meta({ id: "JobChange" });

const jobChanged = z
  .object({ job_id: z.uuid(), priority: z.enum(PRIORITIES), before: z.enum(PRIORITIES) })
  .meta({ id: "JobChanged" });

/** What the services grant, how many calls at a time, and whose turn comes first. */
export const quotaRoutes = {
  changeJob: route({
    method: "patch",
    path: "/api/v1/jobs/{id}",
    summary: "Change a job's priority",
    description: "A waiting job changes its line at once, where its age puts it; one that has a ticket keeps it.",
    tag: "jobs",
    scope: "jobs:write",
    params: z.object({ id: z.uuid().meta({ description: "The job's id" }) }),
    body: { kind: "json", schema: jobChange },
    responses: { 200: { description: "Changed", schema: jobChanged } },
    problems: ["CONFLICT"],
  }),
  listQuotas: route({
    method: "get",
    path: "/api/v1/quotas",
    summary: "Quotas that were set, used today or yesterday, or waited for",
    ...operating,
    scope: "jobs:read",
    responses: { 200: { description: "As of their days", schema: z.object({ quotas: z.array(quota) }) } },
    problems: [],
  }),
  changeQuota: route({
    method: "put",
    path: "/api/v1/quotas/{service}/{pool}",
    summary: "Limit a quota, pause it or end its pause",
    description:
      "What is left out stays. The pool * speaks for every pool without a limit of its own. Jobs that waited for it and find room now go at once.",
    ...operating,
    scope: "jobs:write",
    params: z.object({ service, pool }),
    body: { kind: "json", schema: quotaChange },
    responses: { 200: { description: "The quota", schema: quota } },
    problems: [],
  }),
  listPermits: route({
    method: "get",
    path: "/api/v1/permits",
    summary: "How many calls there may be at a time, of each provider, and how many there are",
    ...operating,
    scope: "jobs:read",
    responses: { 200: { description: "By provider", schema: z.object({ permits: z.array(permit) }) } },
    problems: [],
  }),
  changePermits: route({
    method: "put",
    path: "/api/v1/permits/{provider}",
    summary: "Say how many calls to a provider there may be at a time, over all workers",
    ...operating,
    scope: "jobs:write",
    params: z.object({ provider }),
    body: { kind: "json", schema: permitChange },
    responses: { 200: { description: "The provider's permits", schema: permit } },
    problems: [],
  }),
} as const;
