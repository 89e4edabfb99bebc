import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const port = z.coerce.number().int().min(1).max(65_535);

const schema = z.object({
  /** Where everything is kept that Millrace writes on this machine. */
  MILLRACE_DATA: z.string().min(1).optional(),
  /** Wins over the embedded Postgres. */
  DATABASE_URL: z.url().optional(),
  /** Wins over a Redis of our own. */
  REDIS_URL: z.url().optional(),
  /** `postgres` works without Redis. */
  QUEUE_BACKEND: z.enum(["redis", "postgres"]).default("redis"),
  /** As the programs have it. */
  QUEUE_PREFIX: z.string().default("{millrace}"),
  /** Where contents are stored; a folder below the data folder unless set. */
  BLOB_URL: z.url().optional(),
  PORT: port.default(3_000),
  DASHBOARD_PORT: port.default(3_001),
  DASHBOARD_PASSWORD: z.string().min(8).optional(),
  ALLOW_LOOPBACK: z.stringbool().optional(),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).optional(),
  /** Where alerts are posted; passed on to the workers. */
  ALERT_WEBHOOK_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** For the commands that speak to an API elsewhere. */
  MILLRACE_API_URL: z.url().optional(),
  MILLRACE_API_KEY: z.string().min(1).optional(),
  /** For `channels apply`, and passed on to the workers, as are the next three. */
  CHANNELS_OWNER: z.string().min(1).default("local"),
  CREDENTIAL_KEYS: z.string().min(1).optional(),
  NOTION_API_TOKEN: z.string().min(1).optional(),
  NOTION_BASE_URL: z.url().optional(),
  NO_COLOR: z.string().optional(),
  /** `production` makes weak secrets fatal. */
  NODE_ENV: z.string().optional(),
});

type Settings = z.infer<typeof schema>;

export interface CliConfig extends Readonly<Omit<Settings, "MILLRACE_DATA">> {
  /** The repository. */
  readonly root: string;
  readonly dataDir: string;
  /** What the started programs inherit. */
  readonly inherited: Readonly<NodeJS.ProcessEnv>;
}

/** `src/` and `dist/` are equally deep. */
const ROOT = resolve(fileURLToPath(new URL("../../..", import.meta.url)));

/** Reads the settings once; the message of the error has a line per variable. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): CliConfig {
  const parsed = schema.safeParse(env);
  if (!parsed.success) throw new Error(`settings are wrong:\n${z.prettifyError(parsed.error)}`);
  const { MILLRACE_DATA, ...settings } = parsed.data;
  const dataDir = MILLRACE_DATA === undefined ? join(ROOT, ".millrace") : resolve(MILLRACE_DATA);
  return Object.freeze({ ...settings, root: ROOT, dataDir, inherited: env });
}
