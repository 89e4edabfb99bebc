import type { RequirementSet } from "./requirement.ts";

const VERSIONS = "[CONTRIBUTING, Versions](../CONTRIBUTING.md#versions)";

/** Content ingest. S: required. Q: a question that the requirements leave open, as we have answered it. */
export const CONTENT: RequirementSet = {
  title: "A. Content ingest",
  introduction: "How content is worked: [content.md](content.md). How it is asked for: [api.md](api.md).",
  isComplete: true,
  requirements: [
    { id: "A-S01", summary: "One `processing_status` with `processed_at` in place of two status pairs" },
    { id: "A-S02", summary: "A migration adds `processing_status`, `processed_at` and `pipeline_version` to contents" },
    { id: "A-S03", summary: "A migration drops both old pairs, status and time" },
    { id: "A-S04", summary: "All code uses the new fields, none the old pairs" },
    { id: "A-S05", summary: "A job table is the authority on what happened in each run (`pipeline_jobs`)" },
    { id: "A-S06", summary: "Exactly five statuses: pending, processing, completed, failed, cancelled" },
    { id: "A-S07", summary: "An idempotency key is stored on the job and can be looked up" },
    { id: "A-S08", summary: "Resource keys `yt:<video id>`, `url:<hash16>`, `cid:<content id>`" },
    {
      id: "A-S09",
      summary: "Addresses are normalised before hashing: host, fragment, tracking parameters, order of the rest",
    },
    { id: "A-S10", summary: "Two data tiers, compact and full" },
    { id: "A-S11", summary: "`created_at`, `started_at` and `finished_at` on the job" },
    { id: "A-S12", summary: "The job carries `pipeline_version`" },
    { id: "A-S13", summary: "Migrations, job store and resource-key module, each with tests of its own" },
    {
      id: "A-S14",
      summary: "Migrations can be repeated and are safe for a hard cutover; idempotency keys prevent duplicate jobs",
    },
    { id: "A-S15", summary: "Release rule: new tables are a minor version", note: `A rule for releases: ${VERSIONS}` },
    { id: "A-S20", summary: "Videos and uploads each become one job; no background work in a route" },
    { id: "A-S21", summary: "Every ingest answers with a `job_id` at once" },
    { id: "A-S22", summary: "Three operator's commands: classify, reprocess, export summaries" },
    {
      id: "A-S23",
      summary:
        "Reprocess one item in its owner's name, from what is stored; external facts only if some are missing; an active job's id again",
    },
    { id: "A-S24", summary: "`GET /api/v1/jobs/{job_id}` is minimal, with `verbose=true` complete" },
    { id: "A-S25", summary: "Cancel: pending at once, processing between stages, ends as cancelled" },
    { id: "A-S26", summary: "Optional callbacks signed with HMAC-SHA256" },
    { id: "A-S27", summary: "Three attempts of a callback with growing waits" },
    { id: "A-S28", summary: "`callback_event_id` is stable" },
    { id: "A-S29", summary: "The payload of a callback has `schema_version`" },
    { id: "A-S30", summary: "The delivery of a callback never touches the job" },
    { id: "A-S31", summary: "Every endpoint is registered, documented and tested" },
    { id: "A-S32", summary: "The whole of it over HTTP: ingest, status, cancel, reprocess, signed callbacks" },
    {
      id: "A-S33",
      summary: "Release rule: a break of the ingest contract is a major version",
      note: `A rule for releases: ${VERSIONS}`,
    },
    {
      id: "A-Q01",
      summary: "Nothing is retried by itself; a dead worker's job runs again under its id, in the end as `WORKER_LOST`",
    },
    {
      id: "A-Q02",
      summary:
        "One active job per owner and resource by a unique index; `Idempotency-Key` for 24 hours, 422 with another body",
      note: "No key is made up where the caller sends none: [decision 0009](decisions/0009-idempotency-keys-are-the-callers.md). A ticket has an id of its own for each dispatch: [decision 0003](decisions/0003-claim-by-dispatch.md)",
    },
    { id: "A-Q03", summary: "Unique per owner; another owner's job is never disclosed" },
    { id: "A-Q04", summary: "One rule of normalisation with golden vectors and a version" },
    {
      id: "A-Q05",
      summary:
        "HTTP validates and inserts; everything else is stages of the job, those that can fail without harm with a warning",
      note: "The stages are cut otherwise: [decision 0002](decisions/0002-content-stages.md); there are no embeddings",
    },
    { id: "A-Q06", summary: "`submitted`, `already_active`, and `already_completed` without a job" },
    { id: "A-Q07", summary: "Routes for videos, uploads and any address lead to the same job" },
    { id: "A-Q08", summary: "YouTube's hosts and paths by an exact list" },
    { id: "A-Q09", summary: "`processed_at` is the latest change of status" },
    {
      id: "A-Q10",
      summary: "Terminal statuses never change; cancel of a running job is asked for and kept; earlier results stay",
    },
    {
      id: "A-Q11",
      summary: "Standard Webhooks and `X-Signature-256`, for all three ends of a job; no private addresses",
    },
    {
      id: "A-Q12",
      summary: "At once, after 1 s, after 4 s more, with jitter; deliveries are rows one can see and send again",
    },
    { id: "A-Q13", summary: "Full payloads in a table beside the job; stripped after 60 days, jobs deleted after 180" },
    { id: "A-Q14", summary: "Verbose for owner and admin, full payloads audited; 404 for others" },
    { id: "A-Q15", summary: "The minimal shape has six fields" },
    { id: "A-Q16", summary: "API keys, hashed and scoped; signatures by RFC 9421 beside them" },
    { id: "A-Q17", summary: "The cutover maps old pairs, up and down, and may run twice" },
    {
      id: "A-Q18",
      summary: "The three commands use the public API and have a dry run; front matter with tier, score, tags",
    },
    {
      id: "A-Q19",
      summary: "Versions follow one rule; `app_version` is shown",
      note: `A rule for releases: ${VERSIONS}`,
    },
  ],
};
