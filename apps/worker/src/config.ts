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

const MOST_PIXELS_A_SIDE = 4_096;

/** `1920x1080`; encoders want even sides. */
const frame = z.string().transform((text, context) => {
  const { width, height } = /^(?<width>\d{1,5})x(?<height>\d{1,5})$/.exec(text)?.groups ?? {};
  const sides = [Number(width), Number(height)];
  if (sides.every((side) => side >= 64 && side <= MOST_PIXELS_A_SIDE && side % 2 === 0)) {
    return { width: Number(width), height: Number(height) };
  }
  context.addIssue({
    code: "custom",
    message: `must be <width>x<height>, even numbers from 64 to ${MOST_PIXELS_A_SIDE}`,
  });
  return z.NEVER;
});

const timeZone = z.string().refine((name) => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}, "must be a time zone such as America/Los_Angeles");

const schema = z.object({
  DATABASE_URL: z.url(),
  QUEUE_BACKEND: z.enum(["redis", "postgres"]).default("redis"),
  REDIS_URL: z.url().optional(),
  QUEUE_PREFIX: z.string().default("{millrace}"),
  BLOB_URL: z.url(),
  LANES: lanes.prefault("io,cpu,media"),
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
  /** Who makes the parts of videos, and where they are published; the API has the same. */
  IMAGE_PROVIDER: z.enum(["local", "gemini"]).default("local"),
  CLIP_PROVIDER: z.enum(["local", "kie"]).default("local"),
  VOICE_PROVIDER: z.enum(["local", "elevenlabs"]).default("local"),
  SOUND_PROVIDER: z.enum(["local", "elevenlabs"]).default("local"),
  PUBLISHER: z.enum(["library", "youtube"]).default("library"),
  /** What one upload takes of the publisher's quota: 1,600 of YouTube, 1 of the library. */
  UPLOAD_QUOTA_UNITS: z.coerce.number().int().min(1).optional(),
  GEMINI_API_KEY: z.string().min(1).optional(),
  GEMINI_BASE_URL: z.url().optional(),
  /** Where Gemini's day of quota ends at midnight (C-Q12). */
  GEMINI_QUOTA_TIME_ZONE: timeZone.default("America/Los_Angeles"),
  KIE_API_KEY: z.string().min(1).optional(),
  KIE_BASE_URL: z.url().optional(),
  /** Of its file host. */
  KIE_UPLOAD_BASE_URL: z.url().optional(),
  /** Between two looks at a clip that was ordered. */
  KIE_POLL_SECONDS: z.coerce.number().min(0.01).max(600).default(30),
  ELEVENLABS_API_KEY: z.string().min(1).optional(),
  ELEVENLABS_BASE_URL: z.url().optional(),
  /** For channels that name no voice. */
  DEFAULT_VOICE_ID: z.string().min(1).optional(),
  /** Of the project's OAuth client; each channel has a refresh token of its own. */
  YOUTUBE_CLIENT_ID: z.string().min(1).optional(),
  YOUTUBE_CLIENT_SECRET: z.string().min(1).optional(),
  YOUTUBE_BASE_URL: z.url().optional(),
  YOUTUBE_TOKEN_URL: z.url().optional(),
  /** Made at a time by one job of this worker; over all workers the permits of each provider hold. */
  MAX_CONCURRENT_ASSET_GEN: z.coerce.number().int().min(1).max(100).default(12),
  MAX_CONCURRENT_VIDEO_GEN: z.coerce.number().int().min(1).max(100).default(3),
  MAX_CONCURRENT_AUDIO_GEN: z.coerce.number().int().min(1).max(100).default(6),
  /** Of clips made here and of finished videos. */
  VIDEO_FRAME: frame.prefault("1920x1080"),
  /** Files of a video lie here while one of its stages runs. */
  WORK_DIR: z.string().min(1).default("/tmp/millrace-work"),
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
  "GEMINI_API_KEY",
  "KIE_API_KEY",
  "ELEVENLABS_API_KEY",
  "YOUTUBE_CLIENT_SECRET",
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
  checkProviders(config);
  return Object.freeze(config);
}

/** A worker that could not make what it is set to make does not start. */
function checkProviders(config: WorkerConfig): void {
  const missing = (of: string, names: readonly (keyof WorkerConfig)[]): void => {
    const absent = names.filter((name) => config[name] === undefined);
    if (absent.length > 0) throw new Error(`${of} needs ${absent.join(" and ")}`);
  };
  if (config.IMAGE_PROVIDER === "gemini") missing("IMAGE_PROVIDER=gemini", ["GEMINI_API_KEY"]);
  if (config.CLIP_PROVIDER === "kie") missing("CLIP_PROVIDER=kie", ["KIE_API_KEY"]);
  if (config.VOICE_PROVIDER === "elevenlabs") missing("VOICE_PROVIDER=elevenlabs", ["ELEVENLABS_API_KEY"]);
  if (config.SOUND_PROVIDER === "elevenlabs") missing("SOUND_PROVIDER=elevenlabs", ["ELEVENLABS_API_KEY"]);
  const youtube = ["YOUTUBE_CLIENT_ID", "YOUTUBE_CLIENT_SECRET", "CREDENTIAL_KEYS"] as const;
  if (config.PUBLISHER === "youtube") missing("PUBLISHER=youtube", youtube);
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
