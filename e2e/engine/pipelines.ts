import {
  definePipeline,
  done,
  type Json,
  type Lane,
  NO_RETRY,
  type Outcome,
  type Pipeline,
  type RetryPolicy,
  type StageContext,
} from "@millrace/core";

type Input = { readonly key: string; readonly [name: string]: Json };
export type TestStage = (context: StageContext<Input, Readonly<Record<string, Json>>>) => Promise<Outcome<Json>>;

export interface TestStageSpec {
  readonly lane?: Lane;
  readonly retry?: RetryPolicy;
  readonly timeoutMs?: number;
  readonly isAbortable?: boolean;
  readonly run: TestStage;
}

export const QUICK_RETRY: RetryPolicy = { attempts: 3, baseMs: 50, factor: 2, maxMs: 1_000, jitter: 0 };

/** A pipeline for tests: stages as given, `input.key` names the resource. */
export function testPipeline(
  name: string,
  stages: Record<string, TestStageSpec>,
  options: { version?: string; admission?: "direct" | "fair"; maxRetries?: number } = {},
): Pipeline {
  const specs = Object.fromEntries(
    Object.entries(stages).map(([stage, s]) => [
      stage,
      {
        lane: s.lane ?? ("io" as const),
        timeoutMs: s.timeoutMs ?? 20_000,
        retry: s.retry ?? NO_RETRY,
        isAbortable: s.isAbortable ?? false,
        output: { parse: (value: unknown) => value as Json },
      },
    ]),
  );
  return definePipeline(
    {
      name,
      version: options.version ?? "1.0.0",
      admission: options.admission ?? "direct",
      input: { parse: (value: unknown) => value as Input },
      stages: specs,
      maxRetries: options.maxRetries ?? 10,
      resourceKey: (input: Input) => `test:${input.key}`,
    },
    Object.fromEntries(Object.entries(stages).map(([stage, s]) => [stage, s.run])),
  );
}

/** Returns the stage's own name. */
export const echo =
  (value: Json): TestStage =>
  async () =>
    done(value);
