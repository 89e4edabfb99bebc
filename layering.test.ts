import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkLayering } from "./scripts/layering/check-layering.ts";
import type { SourceFile } from "./scripts/layering/source-file.ts";

const ROOT = new URL(".", import.meta.url).pathname;
const SKIPPED = new Set(["node_modules", "dist", "fixtures", ".turbo", "assets"]);

function sourceFilesUnder(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (SKIPPED.has(name)) return [];
    if (statSync(join(ROOT, path)).isDirectory()) return sourceFilesUnder(path);
    return /\.(ts|tsx|mts|js|mjs)$/.test(name) ? [{ path, text: readFileSync(join(ROOT, path), "utf8") }] : [];
  });
}

const complaintsOf = (files: readonly SourceFile[]): string[] =>
  checkLayering(files).map(({ path, line, message }) => `${path}:${line} ${message}`);

describe("the architecture", () => {
  const files = [...sourceFilesUnder("packages"), ...sourceFilesUnder("apps")];

  test("sees the source files, those of core among them", () => {
    expect(files.length).toBeGreaterThan(50);
    expect(files.map(({ path }) => path)).toContain("packages/core/src/index.ts");
  });

  test("has no wrong arrow, cycle, deep import, stray process.env, empty name or oversized file", () => {
    expect(complaintsOf(files)).toEqual([]);
  });
});

describe("the check itself", () => {
  test.each([
    ["packages/core/src/a.ts", 'import { z } from "zod";', "wrong arrow: packages/core → zod"],
    ["packages/core/src/a.ts", 'import { readFile } from "node:fs";', "wrong arrow: packages/core → node:fs"],
    [
      "packages/core/src/a.ts",
      'import type { Readable } from "node:stream";',
      "wrong arrow: packages/core → node:stream",
    ],
    ["packages/db/src/a.ts", 'import type { Lanes } from "@millrace/queue";', "wrong arrow: packages/db → queue"],
    ["packages/queue/src/a.ts", 'export { store } from "@millrace/db";', "wrong arrow: packages/queue → db"],
    ["packages/engine/src/a.ts", 'const q = await import("@millrace/queue");', "wrong arrow: packages/engine → queue"],
    ["packages/engine/src/a.ts", 'import pino from "pino";', "wrong arrow: packages/engine → pino"],
    ["packages/pipelines/src/a.ts", 'import { web } from "@millrace/providers";', "only `import type` is allowed"],
    [
      "packages/pipelines/src/a.ts",
      'import {\n  type Web,\n} from "@millrace/providers";',
      "only `import type` is allowed",
    ],
    ["packages/client/src/a.ts", 'import { x } from "@millrace/core";', "wrong arrow: packages/client → core"],
    ["apps/api/src/a.ts", 'import { Queue } from "bullmq";', "belongs to packages/queue"],
    ["apps/api/src/a.ts", 'import sql from "postgres";', "belongs to packages/db"],
    ["apps/worker/src/a.ts", 'import { eq } from "drizzle-orm/pg-core";', "belongs to packages/db"],
    ["apps/worker/src/a.ts", 'import { generateObject } from "ai";', "belongs to packages/providers"],
    ["packages/callbacks/src/a.ts", 'require("@aws-sdk/client-s3");', "belongs to packages/providers"],
    ["apps/worker/src/a.ts", 'import { until } from "@millrace/testing";', "wrong arrow: apps/worker → testing"],
    ["apps/cli/src/a.ts", 'import { createApi } from "@millrace/api";', "wrong arrow: apps/cli → api"],
    ["apps/dashboard/web/a.tsx", 'import { x } from "@millrace/db";', "wrong arrow: apps/dashboard/web → db"],
    ["apps/api/src/a.ts", 'import { x } from "@millrace/db/src/schema.ts";', "deep import"],
    ["apps/api/src/a.ts", 'import { x } from "../../../packages/db/src/schema.ts";', "leaves apps/api"],
    ["apps/api/src/a.test.ts", 'import { x } from "../../worker/src/main.ts";', "leaves apps/api"],
    ["packages/newcomer/src/a.ts", "", "has no row"],
    ["apps/api/src/routes.ts", "const port = process.env.PORT;", "the environment is read in"],
    ["packages/db/src/a.ts", 'const url = process["env"].URL;', "the environment is read in"],
    ["packages/db/src/a.ts", 'import { env } from "node:process";', "the environment is read in"],
    ["packages/db/src/a.ts", "const { env } = process;", "the environment is read in"],
    ["packages/db/src/url-utils.ts", "", "url-utils: name the one thing"],
    ["packages/db/src/helpers/a.ts", "", "helpers: name the one thing"],
    ["packages/db/src/jobStore.ts", "", "is not kebab-case"],
    ["packages/db/src/jobs/index.ts", "", "index.ts belongs"],
    ["packages/db/src/index.ts", 'export * from "./a.ts";', "export * hides names"],
    ["packages/queue/src/index.ts", `${"\n".repeat(41)}x`, "42 lines, at most 40"],
    ["packages/db/src/a.ts", "x\n".repeat(501), "501 lines, at most 500"],
    ["packages/db/src/a.ts", "export default 1;", "default export"],
  ])("finds what is wrong in %s: %s", (path, text, complaint) => {
    expect(complaintsOf([{ path, text }]).join("\n")).toContain(complaint);
  });

  test("names the line of the wrong arrow", () => {
    const text = '// one\nimport { a } from "./a.ts";\n\n/* two\n three */ import {\n  Queue,\n} from "bullmq";\n';
    expect(complaintsOf([{ path: "packages/db/src/b.ts", text }])[0]).toMatch(
      /^packages\/db\/src\/b\.ts:5 wrong arrow/,
    );
  });

  test("finds a cycle of three files, a type-only step included", () => {
    const files = [
      { path: "packages/db/src/a.ts", text: 'import { b } from "./b.ts";' },
      { path: "packages/db/src/b.ts", text: 'import type { C } from "./deep/c.ts";' },
      { path: "packages/db/src/deep/c.ts", text: 'export { a } from "../a.ts";' },
    ];
    expect(complaintsOf(files)).toEqual([
      "packages/db/src/deep/c.ts:1 cycle: db/src/a.ts → db/src/b.ts → db/src/deep/c.ts → db/src/a.ts",
    ]);
  });

  test("accepts what is allowed, and reads no import in comments, strings, templates or regular expressions", () => {
    const files = [
      { path: "packages/core/src/ports/blobs.ts", text: 'import type { Readable } from "node:stream";' },
      { path: "packages/core/src/a.test.ts", text: 'import fc from "fast-check";' },
      { path: "packages/pipelines/src/a.ts", text: 'import type { Web } from "@millrace/providers";' },
      { path: "packages/queue/src/a.ts", text: 'import { Queue } from "bullmq";\nimport { x } from "@millrace/core";' },
      { path: "apps/api/src/config.ts", text: "export const port = process.env.PORT;" },
      { path: "apps/api/src/error-handler.ts", text: 'import { x } from "@millrace/db";' },
      {
        path: "packages/core/src/tricky.ts",
        text: [
          '// import { z } from "zod";',
          '/* import { z } from "zod"; process.env.X */',
          "const a = 'import { z } from \"zod\";';",
          // biome-ignore lint/suspicious/noTemplateCurlyInString: source text to be read
          'const b = `import x from "zod" ${`import("zod") ${1 / 2}`} process.env`;',
          'const c = /["\'`] import "zod"/.test(a) ? 1 / 2 : "process.env";',
        ].join("\n"),
      },
    ];
    expect(complaintsOf(files)).toEqual([]);
  });

  test("goes on reading after a template and a regular expression", () => {
    const text =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: source text to be read
      'const a = `x ${b({ c: `}` })} "`;\nconst d = /[/"]/g;\nconst e = 4 / 2;\nimport z from "zod"; // 1 / 2\n';
    expect(complaintsOf([{ path: "packages/core/src/a.ts", text }])).toEqual([
      "packages/core/src/a.ts:4 wrong arrow: packages/core → zod",
    ]);
  });
});
