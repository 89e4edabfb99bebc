import { GATE_EXPIRIES, notionId, PRIORITIES, WEIGHTS } from "@millrace/core";
import { z } from "zod";

/** Most seconds of a clip: a longer video needs more of them. */
const CLIP_SECONDS = 10;
/** What is a credential, by its name. */
const CREDENTIAL = /(?:^|_)(?:token|secret|password|key|credentials?)(?:_|$)/i;
const GATE_FORMS = "must be on, off, or a mapping of who decides and until when";

const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, "must be one line");

/** Names rows and folders, so nothing else is let in. */
const slug = z.string().regex(/^[A-Za-z0-9_]{1,50}$/, "must be 1 to 50 of A-Z, a-z, 0-9 and _");

/** Nothing that leads out of a folder, on any system. */
const relativePath = line(500).refine(
  (path) => !/[\\:~]/.test(path) && path.split("/").every((part) => !["", ".", ".."].includes(part)),
  "must be a relative path with / between its parts, none of them . or ..",
);

const databaseId = z.string().transform((written, context) => {
  const id = notionId(written);
  if (id !== undefined) return id;
  context.addIssue("must be 32 hexadecimal digits, with dashes where Notion has them or without");
  return z.NEVER;
});

/** Names the fields that are not known; undefined leaves other problems to their own words. */
const unknownFields = (issue: { readonly code?: string | undefined; readonly keys?: unknown }): string | undefined => {
  if (issue.code !== "unrecognized_keys" || !Array.isArray(issue.keys)) return undefined;
  const names = issue.keys.map(String);
  const isSecret = names.some((name) => CREDENTIAL.test(name));
  const hint = isSecret ? "; credentials are kept sealed, not in files" : "";
  return `unknown field${names.length > 1 ? "s" : ""} ${names.join(", ")}${hint}`;
};

const gateRules = z
  .strictObject(
    {
      approvals: z.int().min(1).max(20).default(1),
      roles: z.array(line(100)).max(20).default([]),
      allows_self_approval: z.boolean().default(true),
      needs_reason: z.boolean().default(false),
      expires_in_hours: z.number().min(0.01).max(8760).optional(),
      on_expiry: z.enum(GATE_EXPIRIES).optional(),
    },
    { error: (issue) => (issue.code === "invalid_type" ? GATE_FORMS : unknownFields(issue)) },
  )
  .refine((gate) => (gate.expires_in_hours === undefined) === (gate.on_expiry === undefined), {
    path: ["on_expiry"],
    message: "goes together with expires_in_hours",
  });

// YAML 1.2 reads on and off as text, and somebody who knows 1.1 writes true and false
const isOn = (written: unknown): boolean => written === "on" || written === true;
const isOff = (written: unknown): boolean => written === "off" || written === false;
const gate = z
  .preprocess((written) => {
    if (isOn(written)) return {};
    // a gate that nothing is written for is a slip, and must not be open
    return isOff(written) ? null : (written ?? "");
  }, gateRules.nullable())
  .prefault("on");

const strict = <const Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape, { error: unknownFields });

/** A channel as its file writes it. */
export const channelFields = strict({
  channel_id: slug,
  channel_name: line(100),
  notion_database_id: databaseId.nullable(),
  is_active: z.boolean().default(true),
  priority: z.enum(PRIORITIES).default("normal"),
  max_concurrent: z.int().min(1).max(10).default(2),
  weight: z.number().min(WEIGHTS.least).max(WEIGHTS.most).default(1),
  quota_pool: slug.optional(),
  budget_daily_usd: z.number().min(0).nullable().default(null),
  budget_weekly_usd: z.number().min(0).nullable().default(null),
  scale: strict({
    assets: z.int().min(1).max(100).default(22),
    clips: z.int().min(1).max(60).default(18),
    seconds: z.number().min(1).max(600).default(90),
  })
    .refine(({ clips, seconds }) => seconds <= clips * CLIP_SECONDS, {
      path: ["seconds"],
      message: `must be at most ${CLIP_SECONDS} for each of the clips`,
    })
    .prefault({}),
  gates: strict({ assets: gate, video: gate, audio: gate, final: gate })
    .refine(({ final }) => final !== null, {
      path: ["final"],
      message: "is turned off by final_gate: off alone, beside gates",
    })
    .prefault({}),
  final_gate: z
    .preprocess((written) => (isOn(written) ? "on" : isOff(written) ? "off" : written), z.enum(["on", "off"]))
    .prefault("on"),
  voice_id: line(100).nullable().default(null),
  voice: strict({
    stability: z.number().min(0).max(1).optional(),
    similarity_boost: z.number().min(0).max(1).optional(),
    style: z.number().min(0).max(1).optional(),
    use_speaker_boost: z.boolean().optional(),
    speed: z.number().min(0.7).max(1.2).optional(),
  }).prefault({}),
  branding: strict({
    intro: relativePath.nullable().default(null),
    outro: relativePath.nullable().default(null),
    watermark: relativePath.nullable().default(null),
  }).prefault({}),
  storage_strategy: z.enum(["notion", "r2"]).default("notion"),
  r2: strict({
    account_id: line(100),
    bucket: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]$/, "must be 3 to 63 of a-z, 0-9 and -, no - at the ends"),
  }).optional(),
  default_privacy: z.enum(["private", "unlisted", "public"]).default("private"),
  tags: z
    .array(line(100))
    .refine((tags) => tags.join(",").length <= 500, "must be at most 500 characters together")
    .default([]),
  description_template: z.string().max(5_000).default(""),
}).refine(({ storage_strategy, r2 }) => storage_strategy !== "r2" || r2 !== undefined, {
  path: ["r2"],
  message: "is needed for storage_strategy r2",
});

export type ChannelFields = z.infer<typeof channelFields>;
export type GateField = ChannelFields["gates"]["assets"];
