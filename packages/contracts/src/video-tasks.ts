import { JOB_STATUSES, notionId, PRIORITIES, WAIT_REASONS } from "@millrace/core";
import { z } from "zod";
import { cursor, instant, jsonObject, nullableInstant, pageLimit, repeated } from "./parts.ts";

/** What a task can be, in the order of its life (C-S10). */
export const TASK_STATUSES = [
  "draft",
  "queued",
  "claimed",
  "generating_assets",
  "assets_ready",
  "assets_approved",
  "generating_composites",
  "composites_ready",
  "generating_video",
  "video_ready",
  "video_approved",
  "generating_audio",
  "audio_ready",
  "audio_approved",
  "generating_sfx",
  "sfx_ready",
  "assembling",
  "assembly_ready",
  "final_review",
  "approved",
  "uploading",
  "published",
  "asset_error",
  "video_error",
  "audio_error",
  "upload_error",
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export const VIDEO_STEPS = ["assets", "composites", "video", "audio", "sfx", "assembly", "upload"] as const;
export const TASK_GATES = ["assets", "video", "audio", "final"] as const;
const PRIVACIES = ["private", "unlisted", "public"] as const;

export const taskStatus = z.enum(TASK_STATUSES).meta({ id: "TaskStatus" });
export const videoStep = z.enum(VIDEO_STEPS).meta({ id: "VideoStep" });
const privacy = z.enum(PRIVACIES);
const priority = z.enum(PRIORITIES);

const MAX_TEXT = 5_000;
const MAX_DIRECTION = 20_000;
const MAX_CLIPS = 60;
const MAX_TASKS = 100;

/** The uuid of a channel, or its short id. */
export const channelRef = z
  .string()
  .regex(/^(?:[A-Za-z0-9_]{1,50}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/, "must be a channel's id")
  .meta({ description: "A channel's uuid or short id." });

const pageId = z
  .string()
  .max(100)
  .transform((written, context) => {
    const id = notionId(written);
    if (id !== undefined) return id;
    context.addIssue("must be 32 hexadecimal digits, with dashes where Notion has them or without");
    return z.NEVER;
  })
  .meta({ description: "Kept as 32 hexadecimal digits; dashes and capitals are taken, too." });

const title = z.string().trim().min(1).max(255);
const topic = z.string().trim().min(1).max(500);
const storyDirection = z.string().trim().max(MAX_DIRECTION);
const texts = z.array(z.string().trim().min(1).max(MAX_TEXT)).min(1).max(MAX_CLIPS);
const narrationScripts = texts.meta({ description: "One for each clip; there are as many clips as texts." });
const sfxDescriptions = texts.meta({ description: "One for each clip." });

const asMany = {
  path: ["sfx_descriptions"],
  message: "must be as many as narration_scripts",
  params: { rule: "as_many" },
};
const areAsMany = (body: {
  readonly narration_scripts?: readonly string[] | null | undefined;
  readonly sfx_descriptions?: readonly string[] | null | undefined;
}): boolean =>
  !body.narration_scripts || !body.sfx_descriptions || body.narration_scripts.length === body.sfx_descriptions.length;

/** C-S30. */
export const taskCreate = z
  .strictObject({
    channel_id: channelRef,
    notion_page_id: pageId.nullish(),
    title,
    topic,
    story_direction: storyDirection.default(""),
    priority: priority.nullish().meta({ description: "The channel's unless said." }),
    narration_scripts: narrationScripts.nullish(),
    sfx_descriptions: sfxDescriptions.nullish(),
    privacy: privacy.nullish().meta({ description: "The channel's unless said." }),
    queue: z.boolean().default(false).meta({ description: "Queue it at once." }),
  })
  .refine(areAsMany, asMany)
  .meta({ id: "TaskCreate" });

/** C-S31: what is null is left out, but for texts and privacy, where it takes away what was said. */
export const taskUpdate = z
  .strictObject({
    status: taskStatus.nullish().meta({ description: "`queued` queues it, `draft` takes it out of the queue." }),
    error_log: z.string().trim().min(1).max(MAX_TEXT).nullish().meta({ description: "Is appended (C-Q19)." }),
    youtube_url: z
      .url({ protocol: /^https?$/ })
      .max(255)
      .nullish(),
    priority: priority.nullish(),
    title: title.nullish(),
    topic: topic.nullish(),
    story_direction: storyDirection.nullish(),
    narration_scripts: narrationScripts.nullable().optional(),
    sfx_descriptions: sfxDescriptions.nullable().optional(),
    privacy: privacy.nullable().optional(),
  })
  .refine(areAsMany, asMany)
  .meta({ id: "TaskUpdate" });

const taskJob = z
  .object({
    id: z.uuid(),
    status: z.enum(JOB_STATUSES),
    waiting_for: z.enum(WAIT_REASONS).nullable(),
    gate: z.string().nullable(),
    stage: videoStep,
    progress: z.number(),
    retry_attempt: z.int().meta({ description: "Tries again so far, of max_retries." }),
    max_retries: z.int(),
    next_retry_at: nullableInstant,
    cancel_requested_at: nullableInstant,
    why: z.string().meta({ description: "Where the API tells why it is not running." }),
  })
  .meta({ id: "TaskJob" });

const taskStep = z
  .object({
    step: videoStep,
    completed: z.boolean(),
    approved: z.boolean(),
    made: z.int().nullable().meta({ description: "Units there are, of `wanted`." }),
    wanted: z.int().nullable(),
    duration_seconds: z.number().nullable(),
    error_message: z.string().nullable(),
  })
  .meta({ id: "TaskStepState" });

/** Everything of a task (C-S31). */
export const task = z
  .object({
    id: z.uuid(),
    owner_id: z.uuid(),
    channel_id: z.uuid(),
    channel: z.string().meta({ description: "The channel's short id." }),
    channel_name: z.string(),
    notion_page_id: z.string(),
    title: z.string(),
    topic: z.string(),
    story_direction: z.string(),
    status: taskStatus,
    status_since: instant,
    priority,
    error_log: z.string().nullable(),
    youtube_url: z.string().nullable(),
    run_no: z.int().meta({ description: "How often it was queued." }),
    narration_scripts: z.array(z.string()).nullable(),
    sfx_descriptions: z.array(z.string()).nullable(),
    privacy: privacy.nullable(),
    steps: z.array(taskStep),
    step_completion_metadata: jsonObject,
    final_video_path: z.string().nullable(),
    final_video_duration: z.number().nullable().meta({ description: "Seconds." }),
    total_cost_usd: z.number(),
    pipeline_start_time: nullableInstant,
    pipeline_end_time: nullableInstant,
    pipeline_duration_seconds: z.number().nullable(),
    pipeline_cost_usd: z.number().nullable(),
    review_started_at: nullableInstant,
    review_completed_at: nullableInstant,
    error_step: videoStep.nullable(),
    error_code: z.string().nullable(),
    cancelled_at: nullableInstant,
    cancel_reason: z.string().nullable(),
    created_at: instant,
    updated_at: instant,
    job: taskJob.nullable(),
  })
  .meta({ id: "Task" });

export const taskListQuery = z.strictObject({
  status: repeated(z.enum(TASK_STATUSES), TASK_STATUSES.length),
  channel: channelRef.optional(),
  priority: priority.optional(),
  limit: pageLimit,
  cursor,
});

export const taskPage = z.object({ tasks: z.array(task), next_cursor: z.string().nullable() }).meta({ id: "TaskPage" });

export const taskCountQuery = z.strictObject({ channel: channelRef.optional() });
export const taskCounts = z
  .object({ total: z.int(), by_status: z.record(z.string(), z.int()) })
  .meta({ id: "TaskCounts" });

const reason = z.string().trim().min(1).max(500).optional();
export const taskReason = z.strictObject({ reason }).meta({ id: "TaskReason" });
export const taskRetry = z
  .strictObject({ step: videoStep.optional().meta({ description: "From an earlier step than the one that is due." }) })
  .meta({ id: "TaskRetry" });

export const taskQueued = z.object({ id: z.uuid(), job_id: z.uuid(), from_step: videoStep }).meta({ id: "TaskQueued" });

export const taskCancelled = z
  .object({
    id: z.uuid(),
    job_id: z.uuid(),
    cancelled: z
      .boolean()
      .meta({ description: "It is a draft again. False: it ends at its next boundary between steps." }),
  })
  .meta({ id: "TaskCancelled" });

const ids = z
  .array(z.uuid())
  .min(1)
  .max(MAX_TASKS)
  .refine((all) => new Set(all).size === all.length, {
    message: "must not name a task twice",
    params: { rule: "unique" },
  });

const failure = z.object({
  id: z.uuid(),
  message: z.string(),
  from: taskStatus.optional(),
  to: taskStatus.optional(),
  job_id: z.uuid().optional(),
});

const bulkOutcome = {
  total: z.int(),
  success: z.int(),
  errors: z.array(failure),
  failed_ids: z.array(z.uuid()),
};

export const bulkQueue = z.strictObject({ ids }).meta({ id: "TaskBulkQueue" });
export const bulkQueued = z.object({ ...bulkOutcome, queued: z.array(taskQueued) }).meta({ id: "TaskBulkQueued" });

const said = {
  decision: z.enum(["approved", "rejected"]),
  comment: z.string().trim().min(1).max(MAX_TEXT).optional().meta({ description: "A rejection needs it." }),
  step: videoStep
    .optional()
    .meta({ description: "What is to be made again; at the gate `final` a rejection needs it." }),
  clips: z.array(z.int().min(1)).min(1).max(MAX_CLIPS).optional().meta({ description: "Only these, from 1." }),
  units: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{1,60}(?:\/[A-Za-z0-9_-]{1,60})?$/))
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "Only these, such as `characters/01`." }),
};

export const taskReview = z.strictObject(said).meta({ id: "TaskReview" });
export const taskReviewed = z
  .object({
    id: z.uuid(),
    job_id: z.uuid(),
    gate: z.enum(TASK_GATES),
    decision: z.enum(["approved", "rejected"]),
    outcome: z.enum(["applied", "counted", "kept", "already_decided"]).meta({
      description:
        "applied: the task moved on. counted: more people have to approve. kept: the task has not reached the gate. already_decided: said before.",
    }),
    approvals_needed: z.int().optional(),
  })
  .meta({ id: "TaskReviewed" });

export const bulkReview = z
  .strictObject({ ids, decision: said.decision, comment: said.comment, step: said.step })
  .meta({ id: "TaskBulkReview" });
export const bulkReviewed = z.object(bulkOutcome).meta({ id: "TaskBulkReviewed" });
