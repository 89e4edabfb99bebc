import { z } from "zod";

const MEBIBYTE = 1024 * 1024;

const bytes = (fallback: number) => z.coerce.number().int().min(1).default(fallback);

const schema = z.object({
  DATABASE_URL: z.url(),
  QUEUE_BACKEND: z.enum(["redis", "postgres"]).default("redis"),
  REDIS_URL: z.url().optional(),
  QUEUE_PREFIX: z.string().default("{millrace}"),
  /** `file:///…` or `s3://…`. */
  BLOB_URL: z.url(),
  HOST: z.string().default("127.0.0.1"),
  /** 0 takes a free one. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  DATABASE_CONNECTIONS: z.coerce.number().int().min(2).max(100).default(6),
  /** Extra modules that export `pipelines`, comma separated. */
  PIPELINE_MODULES: z
    .string()
    .default("")
    .transform((text) => text.split(",").filter((path) => path.trim() !== "")),
  /** Lets test sends and callback addresses go to loopback: for development only. */
  ALLOW_LOOPBACK: z.stringbool().default(false),
  /** Where the workers' analyser belongs: its stage goes to that lane. */
  ANALYSER: z.enum(["local", "language_model"]).default("local"),
  /** Further query parameters that name no other page, beside the built-in ones; comma separated, `*` at either end. */
  TRACKING_PARAMETERS: z
    .string()
    .default("")
    .transform((text) => text.split(",").flatMap((name) => name.trim() || [])),
  /** As the workers have them: what a queued video takes of quotas depends on who makes its parts. */
  IMAGE_PROVIDER: z.enum(["local", "gemini"]).default("local"),
  CLIP_PROVIDER: z.enum(["local", "kie"]).default("local"),
  VOICE_PROVIDER: z.enum(["local", "elevenlabs"]).default("local"),
  SOUND_PROVIDER: z.enum(["local", "elevenlabs"]).default("local"),
  PUBLISHER: z.enum(["library", "youtube"]).default("library"),
  UPLOAD_QUOTA_UNITS: z.coerce.number().int().min(1).max(1_000_000).optional(),
  /** Keys that seal the credentials of channels, between commas; the first one seals. */
  CREDENTIAL_KEYS: z.string().min(1).optional(),
  /** The verification token of the subscription in Notion whose events come to `/api/v1/webhooks/notion`. */
  NOTION_WEBHOOK_SECRET: z.string().min(1).optional(),
  /** Where a proxy renames it. */
  NOTION_SIGNATURE_HEADER: z.string().min(1).toLowerCase().default("x-notion-signature"),
  MAX_UPLOAD_BYTES: bytes(50 * MEBIBYTE),
  MAX_TRANSCRIPT_BYTES: bytes(5 * MEBIBYTE),
  MAX_JSON_BYTES: bytes(MEBIBYTE),
  /** Of one file to be extracted; the workers have a limit of their own. */
  EXTRACTION_MAX_BYTES: bytes(100 * MEBIBYTE),
  /** Files of a batch that one call names or brings. */
  MAX_BULK_CALL_FILES: z.coerce.number().int().min(1).max(1_000).default(100),
  /** Files of a batch that a manifest names. */
  MAX_BULK_FILES: z.coerce.number().int().min(1).max(10_000).default(10_000),
  /** Per API key; 0 is without limit. */
  RATE_LIMIT_PER_MINUTE: z.coerce.number().int().min(0).default(60_000),
  /** A file, or a folder of `.pub` files, of ed25519 keys that may sign requests. */
  AUTHORIZED_KEYS: z.string().min(1).optional(),
  /** How callers address the API, where a proxy in front changes scheme or host; what is signed is checked against it. */
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .refine((url) => new URL(url).href === `${new URL(url).origin}/`, "scheme, host and port only")
    .optional(),
  /** How long requests under way may take after a stop was asked for. */
  STOP_TIMEOUT_MS: z.coerce.number().int().min(0).default(10_000),
  GIT_SHA: z.string().default("unknown"),
  BUILD_DATE: z.string().default("unknown"),
  /** `production` makes weak secrets fatal. */
  NODE_ENV: z.string().optional(),
  /** Starts although a check says that work could be lost. */
  ALLOW_UNFIT: z.stringbool().default(false),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
});

export type ApiConfig = Readonly<z.infer<typeof schema>>;

const SECRETS: readonly string[] = [
  "DATABASE_URL",
  "REDIS_URL",
  "BLOB_URL",
  "CREDENTIAL_KEYS",
  "NOTION_WEBHOOK_SECRET",
] satisfies (keyof ApiConfig)[];

/** Reads the settings once; the message of the error has a line per variable. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): ApiConfig {
  const parsed = schema.safeParse(env);
  if (!parsed.success) throw new Error(`settings of the API are wrong:\n${z.prettifyError(parsed.error)}`);
  if (parsed.data.QUEUE_BACKEND === "redis" && parsed.data.REDIS_URL === undefined) {
    throw new Error("settings of the API are wrong:\nREDIS_URL is missing (or set QUEUE_BACKEND=postgres)");
  }
  return Object.freeze(parsed.data);
}

/** What may be logged: values, and of secrets only whether they are set. */
export function describeConfig(config: ApiConfig): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, SECRETS.includes(name) ? "present" : value]),
  );
}
