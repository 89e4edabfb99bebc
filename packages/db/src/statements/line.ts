/** Stands for the channel of jobs that have none. */
export const NO_CHANNEL = "00000000-0000-0000-0000-000000000000";

/** The texts of the index `ix_pipeline_jobs_turn`, for a query of `pipeline_jobs` alone: rank, channel, and who is in it. */
export const RANK = "case priority when 'high' then 0 when 'normal' then 1 else 2 end";
export const TURN_CHANNEL = `coalesce(channel_id, '${NO_CHANNEL}'::uuid)`;
export const IN_LINE = "waiting_for = 'turn' and cancel_requested_at is null";
