import type { RequirementSet } from "./requirement.ts";

/** What the three systems share. */
export const COMMON: RequirementSet = {
  title: "D. What all systems share",
  introduction: "The ideas behind it: [ARCHITECTURE](../ARCHITECTURE.md).",
  isComplete: true,
  requirements: [
    { id: "D-1", summary: "One kernel: the row is the authority, changes are conditional, histories only grow" },
    {
      id: "D-2",
      summary: "Row first, ticket after; whatever the queue loses is rebuilt from Postgres",
      note: "The row's own `dispatched_at` and `dispatch_no` are the outbox",
    },
    {
      id: "D-3",
      summary:
        "Retries by kind of job: content 1 try, extraction 4, video 5, callbacks 3; waiting for quota costs none",
      note: "The policies of extraction and video come with them",
    },
    { id: "D-4", summary: "A cancel is a flag in the row, looked at between stages" },
    { id: "D-5", summary: "Required names stay: `finished_at` and `error_stage` of content, others elsewhere" },
    { id: "D-6", summary: "Every read and write is its owner's; a foreign id is 404" },
    { id: "D-7", summary: "Signatures over the raw body, constant-time, with a replay window" },
    {
      id: "D-8",
      summary: "Retention as scheduled jobs that can be repeated and have a dry run",
      note: "Content so far: 60 and 180 days. Audit events are kept",
    },
    { id: "D-9", summary: "Every id is cited by a test" },
    {
      id: "D-10",
      summary: "Optional, later: semantic search, graph, bills of material, OAuth",
      note: "Not promised; contents are searched by words",
    },
  ],
};
