import type { AnswerOf, Routes } from "@millrace/contracts";
import type { TaskRow } from "@millrace/db";
import { VIDEO_STEPS, type VideoStep } from "@millrace/pipelines";

export type ShownTask = AnswerOf<Routes["readTask"]>["body"];

const text = (instant: Date | null): string | null => instant?.toISOString() ?? null;

interface StepState {
  readonly completed?: boolean;
  readonly approved?: boolean;
  readonly partial_progress?: { readonly made: number; readonly wanted: number } | null;
  readonly duration_seconds?: number | null;
  readonly error_message?: string | null;
}

export function shownTask(task: TaskRow): ShownTask {
  const states = task.stepCompletionMetadata as Partial<Record<VideoStep, StepState>>;
  return {
    id: task.id,
    owner_id: task.ownerId,
    channel_id: task.channelId,
    channel: task.channel,
    channel_name: task.channelName,
    notion_page_id: task.notionPageId,
    title: task.title,
    topic: task.topic,
    story_direction: task.storyDirection,
    status: task.status,
    status_since: task.statusSince.toISOString(),
    priority: task.priority,
    error_log: task.errorLog,
    youtube_url: task.youtubeUrl,
    run_no: task.runNo,
    narration_scripts: task.narrationScripts && [...task.narrationScripts],
    sfx_descriptions: task.sfxDescriptions && [...task.sfxDescriptions],
    privacy: task.privacy,
    steps: VIDEO_STEPS.map((step) => shownStep(step, states[step] ?? {})),
    step_completion_metadata: { ...task.stepCompletionMetadata },
    final_video_path: task.finalVideoPath,
    final_video_duration: task.finalVideoDuration,
    total_cost_usd: task.totalCostUsd,
    pipeline_start_time: text(task.pipelineStartTime),
    pipeline_end_time: text(task.pipelineEndTime),
    pipeline_duration_seconds: task.pipelineDurationSeconds,
    pipeline_cost_usd: task.pipelineCostUsd,
    review_started_at: text(task.reviewStartedAt),
    review_completed_at: text(task.reviewCompletedAt),
    error_step: task.errorStep,
    error_code: task.errorCode,
    cancelled_at: text(task.cancelledAt),
    cancel_reason: task.cancelReason,
    created_at: task.createdAt.toISOString(),
    updated_at: task.updatedAt.toISOString(),
    job: task.job && shownJob(task.job),
  };
}

function shownStep(step: VideoStep, state: StepState): ShownTask["steps"][number] {
  return {
    step,
    completed: state.completed === true,
    approved: state.approved === true,
    made: state.partial_progress?.made ?? null,
    wanted: state.partial_progress?.wanted ?? null,
    duration_seconds: state.duration_seconds ?? null,
    error_message: state.error_message ?? null,
  };
}

function shownJob(job: NonNullable<TaskRow["job"]>): NonNullable<ShownTask["job"]> {
  return {
    id: job.id,
    status: job.status,
    waiting_for: job.waitingFor,
    gate: job.gate,
    stage: job.stage,
    progress: job.progress,
    retry_attempt: job.retryAttempt,
    max_retries: job.maxRetries,
    next_retry_at: text(job.nextRetryAt),
    cancel_requested_at: text(job.cancelRequestedAt),
    why: `/api/v1/jobs/${job.id}/why`,
  };
}
