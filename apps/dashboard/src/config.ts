import { z } from "zod";

const schema = z.object({
  DATABASE_URL: z.url(),
  QUEUE_BACKEND: z.enum(["redis", "postgres"]).default("redis"),
  REDIS_URL: z.url().optional(),
  QUEUE_PREFIX: z.string().default("{millrace}"),
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
