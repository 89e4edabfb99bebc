import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["millrace-source"] },
  ssr: { resolve: { conditions: ["millrace-source"], externalConditions: ["millrace-source"] } },
  // The environment the global set-up is loaded in.
  environments: {
    __vitest__: {
      resolve: { conditions: ["millrace-source", "node"], externalConditions: ["millrace-source", "node"] },
    },
  },
  test: {
    include: [
      "*.test.ts",
      "packages/*/src/**/*.test.ts",
      "apps/*/src/**/*.test.ts",
      "e2e/**/*.test.ts",
      "bench/**/*.test.ts",
      "scripts/**/*.test.ts",
      "examples/**/*.test.ts",
    ],
    globalSetup: ["packages/testing/src/global-setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 90_000,
    env: { NODE_OPTIONS: "--conditions=millrace-source" },
  },
});
