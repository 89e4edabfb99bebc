import { ERROR_CODES, type ErrorCode } from "@millrace/core";
import { z } from "zod";

export const PROBLEM_MEDIA_TYPE = "application/problem+json";

/** One thing wrong with a request: where, which rule it broke, what to do. */
const problemItem = z
  .object({
    field: z.string().meta({ description: "Path of the field, such as input.items[2].url" }),
    rule: z.string(),
    message: z.string(),
  })
  .meta({ id: "ProblemItem" });
export type ProblemItem = z.output<typeof problemItem>;

/** RFC 9457. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(ERROR_CODES),
    request_id: z.string(),
    errors: z.array(problemItem).optional(),
    from: z.string().optional().meta({ description: "Of a task: the status it has." }),
    to: z.string().optional().meta({ description: "Of a task: the status it cannot go to from there." }),
    task_id: z.string().optional().meta({ description: "The task that is in the way." }),
    job_id: z.string().optional().meta({ description: "The job that is in the way." }),
  })
  .meta({ id: "Problem" });
export type Problem = z.output<typeof problem>;

/** What a problem can name beside its fields. */
export type ProblemSubject = Pick<Problem, "from" | "to" | "task_id" | "job_id">;

/** The stable name of a kind of problem; docs/errors.md explains each under its code. */
export const problemType = (code: ErrorCode): string => `urn:millrace:error:${code}`;
