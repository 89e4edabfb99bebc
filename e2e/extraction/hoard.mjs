// A stage that fills memory no heap limit counts, for bad-input.test.ts.
import { definePipeline, NO_RETRY } from "@millrace/core";

const anything = { parse: (value) => value };

export const pipelines = [
  definePipeline(
    {
      name: "hoard",
      version: "1.0.0",
      admission: "direct",
      input: anything,
      stages: { fill: { lane: "cpu", timeoutMs: 120_000, retry: NO_RETRY, isAbortable: true, output: anything } },
      maxRetries: 0,
      resourceKey: () => "hoard:1",
    },
    {
      fill: async () => {
        const kept = [];
        for (;;) kept.push(new Uint8Array(16_000_000).fill(1));
      },
    },
  ),
];
