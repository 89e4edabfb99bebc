import { z } from "zod";
import { instant, isUsualYear, nullableInstant } from "./parts.ts";
import { channelRef, taskStatus, videoStep } from "./video-tasks.ts";

const step = videoStep.nullable();

export const taskTransitions = z
  .object({
    transitions: z.array(
      z.object({
        id: z.int(),
        run_no: z.int(),
        from: taskStatus.nullable(),
        to: taskStatus,
        actor: z.string(),
        reason: z.string().nullable(),
        at: instant,
      }),
    ),
  })
  .meta({ id: "TaskTransitions" });

export const taskRuns = z
  .object({
    runs: z.array(
      z.object({
        run_no: z.int(),
        job_id: z.uuid(),
        from_step: videoStep,
        queued_by: z.string().nullable(),
        outcome: taskStatus.nullable(),
        error_step: step,
        error_code: z.string().nullable(),
        cost_usd: z.number(),
        queued_at: instant,
        started_at: nullableInstant,
        finished_at: nullableInstant,
      }),
    ),
  })
  .meta({ id: "TaskRuns" });

export const taskErrors = z
  .object({
    errors: z.array(
      z.object({
        id: z.int(),
        run_no: z.int(),
        step,
        code: z.string(),
        message: z.string(),
        attempt: z.int(),
        is_transient: z.boolean(),
        next_retry_at: nullableInstant,
        at: instant,
      }),
    ),
  })
  .meta({ id: "TaskErrors" });

export const taskCosts = z
  .object({
    total_cost_usd: z.number(),
    costs: z.array(
      z.object({
        id: z.int(),
        run_no: z.int(),
        component: z.string(),
        step: videoStep,
        unit: z.string().nullable(),
        provider: z.string(),
        cost_usd: z.number().nullable().meta({ description: "null: the price is not known." }),
        api_calls: z.int(),
        units: z.number(),
        at: instant,
      }),
    ),
  })
  .meta({ id: "TaskCosts" });

export const fileLinkRequest = z
  .strictObject({
    step: videoStep,
    unit: z.string().min(1).max(201).meta({ description: "As `units` names it." }),
    expires_in_hours: z
      .number()
      .positive()
      .max(24 * 7)
      .default(24),
  })
  .meta({ id: "FileLinkRequest" });

export const fileLink = z.object({ url: z.string(), expires_at: instant }).meta({ id: "FileLink" });

export const taskUnits = z
  .object({
    units: z.array(
      z.object({
        step: videoStep,
        unit: z.string(),
        take: z.int().meta({ description: "Made for the how manieth time." }),
        media_type: z.string(),
        bytes: z.int(),
        seconds: z.number().nullable(),
        sha256: z.string(),
        is_rejected: z.boolean(),
        url: z.string().meta({ description: "Where the API has its bytes." }),
      }),
    ),
  })
  .meta({ id: "TaskUnits" });

const day = z.iso
  .date()
  .or(z.iso.datetime({ offset: true }))
  .refine(isUsualYear, "must be of the years 1000 to 9999");

export const costQuery = z
  .strictObject({
    from: day.optional().meta({ description: "30 days before `to` unless said." }),
    to: day.optional().meta({ description: "Not included; now unless said." }),
    by: z.enum(["day", "week", "month", "all"]).default("all"),
    channel: channelRef.optional(),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || new Date(from) < new Date(to), {
    path: ["from"],
    message: "must be before `to`",
  });

export const costReport = z
  .object({
    from: instant,
    to: instant,
    by: z.enum(["day", "week", "month", "all"]),
    total_cost_usd: z.number(),
    costs: z.array(
      z.object({
        channel: z.string(),
        component: z.string(),
        period: z.string().nullable().meta({ description: "Its first day, UTC; null: all of it." }),
        cost_usd: z.number(),
        api_calls: z.int(),
        units: z.number(),
        tasks: z.int(),
        unpriced: z.int().meta({ description: "Calls whose price is not known." }),
      }),
    ),
  })
  .meta({ id: "CostReport" });
