import { expect, it } from "vitest";
import { createMeter } from "./meter.ts";

const call = {
  model: "m",
  prompt: "p".repeat(400),
  answer: "a".repeat(41),
  inputTokens: undefined,
  outputTokens: undefined,
};

it("estimates a token as four characters where the endpoint does not count (A2.4)", () => {
  const meter = createMeter({});
  meter.record(call);
  expect(meter.usage()).toEqual({ inputTokens: 100, outputTokens: 11, calls: 1, costUsd: null });
});

it("adds calls up at the price of each model", () => {
  const meter = createMeter({
    m: { inputPerMillionUsd: 2, outputPerMillionUsd: 10 },
    n: { inputPerMillionUsd: 1, outputPerMillionUsd: 1 },
  });
  meter.record({ ...call, inputTokens: 1_000_000, outputTokens: 100_000 });
  meter.record({ ...call, model: "n", inputTokens: 500_000, outputTokens: 500_000 });
  expect(meter.usage()).toEqual({ inputTokens: 1_500_000, outputTokens: 600_000, calls: 2, costUsd: 4 });
});

it("knows no cost when one model's price is unknown", () => {
  const meter = createMeter({ m: { inputPerMillionUsd: 2, outputPerMillionUsd: 10 } });
  meter.record({ ...call, model: "toString" });
  meter.record(call);
  expect(meter.usage().costUsd).toBeNull();
});
