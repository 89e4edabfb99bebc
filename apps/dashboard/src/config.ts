import { z } from "zod";

const schema = z.object({
  DATABASE_URL: z.url(),
  QUEUE_BACKEND: z.enum(["redis", "postgres"]).default("redis"),
  REDIS_URL: z.url().optional(),
  QUEUE_PREFIX: z.string().default("{millrace}"),
  /** As the workers have it: what videos are made of is shown from there. Without it only rows are shown. */
  BLOB_URL: z.url().optional(),
  /** As the workers have them: what a queued video takes of quotas depends on who makes its parts. */
  IMAGE_PROVIDER: z.enum(["local", "gemini"]).default("local"),
  CLIP_PROVIDER: z.enum(["local", "kie"]).default("local"),
  VOICE_PROVIDER: z.enum(["local", "elevenlabs"]).default("local"),
  SOUND_PROVIDER: z.enum(["local", "elevenlabs"]).default("local"),
  PUBLISHER: z.enum(["library", "youtube"]).default("library"),
  UPLOAD_QUOTA_UNITS: z.coerce.number().int().min(1).max(1_000_000).optional(),
  DASHBOARD_PASSWORD: z.string().min(8, "at least 8 characters"),
  HOST: z.string().default("127.0.0.1"),
  /** 0 takes a free one. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(3_001),
  DATABASE_CONNECTIONS: z.coerce.number().int().min(1).max(100).default(4),
  /** How many reverse proxies stand in front of the dashboard. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  /** `production` makes weak secrets fatal. */
  NODE_ENV: z.string().optional(),
  /** Starts although a check says that work could be lost. */
  ALLOW_UNFIT: z.stringbool().default(false),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
});

export type DashboardConfig = Readonly<z.infer<typeof schema>>;

const SECRETS: readonly string[] = [
  "DATABASE_URL",
  "REDIS_URL",
  "BLOB_URL",
  "DASHBOARD_PASSWORD",
] satisfies (keyof DashboardConfig)[];

/** Reads the settings once; the message of the error has a line per variable. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): DashboardConfig {
  const parsed = schema.safeParse(env);
  if (!parsed.success) throw new Error(`settings of the dashboard are wrong:\n${z.prettifyError(parsed.error)}`);
  if (parsed.data.QUEUE_BACKEND === "redis" && parsed.data.REDIS_URL === undefined) {
    throw new Error("REDIS_URL is missing (or set QUEUE_BACKEND=postgres)");
  }
  return Object.freeze(parsed.data);
}

/** What may be logged: values, and of secrets only whether they are set. */
export function describeConfig(config: DashboardConfig): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, SECRETS.includes(key) ? "present" : value]),
  );
}
