import { hostname } from "node:os";
import { z } from "zod";
import { parseLanes } from "./parse-lanes.ts";

/** `a, b` as a list; the empty text is the empty list. */
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

const lanes = z.string().transform((text, context) => {
  try {
    return parseLanes(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

const flag = z.stringbool();

const schema = z.object({
  DATABASE_URL: z.url(),
  QUEUE_BACKEND: z.enum(["redis", "postgres"]).default("redis"),
  REDIS_URL: z.url().optional(),
  QUEUE_PREFIX: z.string().default("{millrace}"),
  BLOB_URL: z.url(),
  LANES: lanes.prefault("io,cpu"),
  WORKER_NAME: z.string().default(`${hostname()}-${process.pid}`),
  /** Port of /health and /ready on loopback or HOST; 0 takes a free one. */
  HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  HOST: z.string().default("127.0.0.1"),
  DATABASE_CONNECTIONS: z.coerce.number().int().min(2).max(100).default(6),
  /** How long a claim is good without a heartbeat; a dead worker's jobs go to another one when it is over. */
  LEASE_MS: z.coerce.number().int().min(1_000).default(10_000),
  /** Keeps finished results while Postgres and Redis are both away. Workers of one machine should share it. */
  SPOOL_DIR: z.string().default("/tmp/millrace-spool"),
  /** A lane that fetches nothing for this long, although work waits, is mended; then the process ends. */
  WATCHDOG_MS: z.coerce.number().int().min(5_000).default(30_000),
  /** How long a fetched ticket stays this worker's own without being renewed, and how often dead workers' are looked for. */
  QUEUE_LOCK_MS: z.coerce.number().int().min(1_000).default(30_000),
  QUEUE_STALLED_MS: z.coerce.number().int().min(200).default(10_000),
  MAX_CRASHES: z.coerce.number().int().min(1).default(3),
  CAN_LEAD: flag.default(true),
  /** Whether this worker hands callbacks over to their receivers. */
  CALLBACKS: flag.default(true),
  SOFT_STOP_MS: z.coerce.number().int().min(0).default(20_000),
  HARD_STOP_MS: z.coerce.number().int().min(0).default(5_000),
  /** JavaScript's own heap; a stage past it fails as CONTENT_TOO_COMPLEX. */
  STAGE_MAX_HEAP_MB: z.coerce.number().int().min(64).default(1_024),
  /** All that the process of a CPU stage may hold: heap, buffers, WebAssembly. */
  STAGE_MAX_MEMORY_MB: z.coerce.number().int().min(256).default(2_048),
  /** Extra modules that export `pipelines`, comma separated. */
  PIPELINE_MODULES: list.prefault(""),
  /** Lets stages fetch from loopback addresses: for development only. */
  ALLOW_LOOPBACK: flag.default(false),
  YOUTUBE_API_KEY: z.string().optional(),
  /** `local` needs nothing; `language_model` calls the OpenAI-compatible endpoint below. */
  ANALYSER: z.enum(["local", "language_model"]).default("local"),
  LLM_BASE_URL: z.url().optional(),
  LLM_API_KEY: z.string().optional(),
  LLM_MODEL: z.string().optional(),
  LLM_FALLBACK_MODELS: list.prefault(""),
  /** Without it an extraction by Werk24 fails as WERK24_NOT_CONFIGURED. */
  WERK24_API_KEY: z.string().optional(),
  WERK24_BASE_URL: z.url().optional(),
  /** For one attempt of one stage of an extraction (B-Q21). */
  EXTRACTION_TIMEOUT_SECONDS: z.coerce.number().int().min(1).max(1_800).default(300),
  /** What one extraction reads and finds at most (B-Q20). */
  EXTRACTION_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(100 * 1024 * 1024),
  EXTRACTION_MAX_PAGES: z.coerce.number().int().min(1).default(100),
  EXTRACTION_MAX_ELEMENTS: z.coerce.number().int().min(1).default(50_000),
  /** Files of one owner's batches that have a ticket at a time, unless their channel was set. */
  EXTRACTION_BULK_IN_FLIGHT: z.coerce.number().int().min(1).max(10_000).default(32),
  EXTRACTION_MAX_PARTS: z.coerce.number().int().min(1).default(10_000),
  MAX_NEW_TAGS: z.coerce.number().int().min(0).max(10).default(3),
  /** Where alerts are posted: a webhook of Discord, or one that takes what Slack's take. Without it they are only kept. */
  ALERT_WEBHOOK_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Images, clips and sounds of a published video are removed so many days later; the video stays. */
  WORKSPACE_RETENTION_DAYS: z.coerce.number().int().min(0).max(3_650).default(7),
  /** A folder of YAML files, one for each channel of videos; they are read again every 5 seconds. */
  CHANNEL_CONFIGS_DIR: z.string().min(1).optional(),
  /** Name of the owner whose these channels are. */
  CHANNELS_OWNER: z.string().min(1).default("local"),
  /** Keys that open the credentials of channels, between commas; the first one seals. */
  CREDENTIAL_KEYS: z.string().min(1).optional(),
  /** For boards whose channels have no `notion_token` of their own. */
  NOTION_API_TOKEN: z.string().min(1).optional(),
  NOTION_BASE_URL: z.url().optional(),
  /** How often boards are read; what changes here is written there within seconds. */
  NOTION_SYNC_INTERVAL_SECONDS: z.coerce
    .number()
    .default(10)
    .transform((seconds) => Math.min(600, Math.max(10, seconds))),
  /** `production` makes weak secrets fatal. */
  NODE_ENV: z.string().optional(),
  /** Starts although a check says that work could be lost. */
  ALLOW_UNFIT: flag.default(false),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
});

export type WorkerConfig = Readonly<z.infer<typeof schema>>;

const SECRETS: readonly (keyof WorkerConfig)[] = [
  "DATABASE_URL",
  "REDIS_URL",
  "YOUTUBE_API_KEY",
  "LLM_API_KEY",
  "WERK24_API_KEY",
  "ALERT_WEBHOOK_URL",
  "CREDENTIAL_KEYS",
  "NOTION_API_TOKEN",
];

/** Reads the settings once; the message of the error has a line per variable. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): WorkerConfig {
  const parsed = schema.safeParse(env);
  if (!parsed.success) throw new Error(`settings of the worker are wrong:\n${z.prettifyError(parsed.error)}`);
  const config = parsed.data;
  if (config.QUEUE_BACKEND === "redis" && config.REDIS_URL === undefined)
    throw new Error("REDIS_URL is missing (or set QUEUE_BACKEND=postgres)");
  if (config.ANALYSER === "language_model" && (config.LLM_BASE_URL === undefined || config.LLM_MODEL === undefined)) {
    throw new Error("ANALYSER=language_model needs LLM_BASE_URL and LLM_MODEL");
  }
  return Object.freeze(config);
}

/** What may be logged: values, and of secrets only whether they are set. */
export function describeConfig(config: WorkerConfig): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      SECRETS.includes(key as keyof WorkerConfig) ? (value === undefined ? "absent" : "present") : value,
    ]),
  );
}
