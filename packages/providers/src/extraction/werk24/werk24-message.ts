import type { MillraceError } from "@millrace/core";
import { z } from "zod";
import { answerInvalid, refusedWith, unavailable } from "./werk24-error.ts";

const exception = z.looseObject({
  exception_level: z.string().default("ERROR"),
  exception_type: z.string().max(200),
});

const message = z.looseObject({
  request_id: z.string().max(200),
  /** ASK, PROGRESS or ERROR. */
  message_type: z.string().max(100),
  /** The ask that is answered; INITIALIZATION_SUCCESS, STARTED, COMPLETED; INTERNAL. */
  message_subtype: z.string().max(100),
  /** From 0. */
  page_number: z.number().int().min(0).nullish(),
  payload_dict: z.record(z.string(), z.unknown()).nullish(),
  payload_url: z.string().max(10_000).nullish(),
  exceptions: z.array(exception).nullish(),
});

export type Werk24Message = z.output<typeof message>;

/** What the gateway in front of Werk24, or Werk24 before it has read a command, says instead of a message. */
const complaint = z.looseObject({
  code: z.union([z.string(), z.number()]).optional(),
  error: z.string().optional(),
  message: z.string(),
});

const initialized = z.looseObject({
  drawing_presigned_post: z.looseObject({ url: z.url(), fields: z.record(z.string(), z.string()).default({}) }),
  public_key: z.string().nullish(),
});

export type Initialized = z.output<typeof initialized>;

/** Reads one message; a complaint, or anything else, is thrown as what it means. */
export function readMessage(text: string): Werk24Message {
  const value = parseJson(text);
  const read = message.safeParse(value);
  if (read.success) return read.data;
  const complained = complaint.safeParse(value);
  throw complained.success ? complaintOf(complained.data) : answerInvalid("a message without its fields", read.error);
}

export function readInitialized(value: unknown): Initialized {
  const read = initialized.safeParse(value);
  if (!read.success) throw answerInvalid("no place to put the drawing", read.error);
  return read.data;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw answerInvalid("not JSON", cause);
  }
}

function complaintOf(said: z.output<typeof complaint>): MillraceError {
  const status = /^[45]\d\d$/.test(String(said.code))
    ? Number(said.code)
    : statusOfWords(said.error ?? "", said.message);
  if (status === undefined) return unavailable(said.message.slice(0, 300));
  return refusedWith({ status, headers: {}, words: said.message });
}

function statusOfWords(error: string, words: string): number | undefined {
  if (words === "Forbidden" || words === "Unauthorized" || error === "PRIORITY_TOO_HIGH") return 403;
  if (error === "INVALID_PRIORITY") return 400;
  return /too many requests|limit exceeded|throttl/i.test(words) ? 429 : undefined;
}
