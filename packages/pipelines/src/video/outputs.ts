import { z } from "zod";

/** What a step that makes files says at its end; the files themselves are the task's units. */
export const stepOutput = z.strictObject({
  /** How many there are to be. */
  wanted: z.int().min(0),
  /** How many of them this stage made; the others were there. */
  made: z.int().min(0),
  /** SHA-256, hex, of all of them together. */
  output_hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type StepOutput = z.infer<typeof stepOutput>;

export const assemblyOutput = stepOutput.extend({
  duration_seconds: z.number().positive(),
  bytes: z.int().positive(),
});

/** The result of the job. */
export const uploadOutput = z.strictObject({
  publisher: z.string(),
  video_id: z.string(),
  url: z.string(),
  privacy: z.enum(["private", "unlisted", "public"]),
  /** Of the bytes that were published: SHA-256, hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type UploadOutput = z.infer<typeof uploadOutput>;
