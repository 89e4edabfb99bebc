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
  })
  .meta({ id: "Problem" });
export type Problem = z.output<typeof problem>;

/** The stable name of a kind of problem; docs/errors.md explains each under its code. */
export const problemType = (code: ErrorCode): string => `urn:millrace:error:${code}`;
