import { createHash } from "node:crypto";
import { NO_RETRY } from "@millrace/core";
import { z } from "zod";

const input = z.object({ text: z.string().min(1).max(1_000_000) });
const words = z.object({ words: z.array(z.string()) });
const counts = z.object({
  total: z.number().int(),
  distinct: z.number().int(),
  most_common: z.array(z.object({ word: z.string(), count: z.number().int() })),
});

/** The pure half: what the API needs to accept a job, and the order of the stages. */
export const wordCountSpec = {
  name: "word-count",
  version: "1.0.0",
  admission: "direct",
  input,
  stages: {
    // waiting belongs in `io`, computing in `cpu`, where it cannot hold up anybody's lease
    split: { lane: "io", timeoutMs: 10_000, retry: NO_RETRY, isAbortable: true, output: words },
    count: { lane: "cpu", timeoutMs: 10_000, retry: NO_RETRY, isAbortable: true, output: counts },
  },
  maxRetries: 0,
  /** The same text twice at the same time is one job. */
  resourceKey: ({ text }: z.output<typeof input>) =>
    `text:${createHash("sha256").update(text).digest("base64url").slice(0, 16)}`,
} as const;
