import type { AnalysisUsage } from "../analyser.ts";

/** US dollars per million tokens, by model name. */
export type PriceTable = Readonly<
  Record<string, { readonly inputPerMillionUsd: number; readonly outputPerMillionUsd: number }>
>;

/** Characters in a token where the endpoint does not count (A2.4). */
const CHARACTERS_PER_TOKEN = 4;

export interface MeteredCall {
  readonly model: string;
  readonly prompt: string;
  readonly answer: string;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** Adds up what the calls of one analysis used; the cost is null as soon as one model's price is unknown. */
export function createMeter(prices: PriceTable) {
  let used: AnalysisUsage = { inputTokens: 0, outputTokens: 0, calls: 0, costUsd: 0 };
  return {
    record(call: MeteredCall): void {
      const input = call.inputTokens ?? Math.ceil(call.prompt.length / CHARACTERS_PER_TOKEN);
      const output = call.outputTokens ?? Math.ceil(call.answer.length / CHARACTERS_PER_TOKEN);
      const price = Object.hasOwn(prices, call.model) ? prices[call.model] : undefined;
      const cost =
        price && used.costUsd !== null
          ? used.costUsd + (input * price.inputPerMillionUsd + output * price.outputPerMillionUsd) / 1_000_000
          : null;
      used = {
        inputTokens: used.inputTokens + input,
        outputTokens: used.outputTokens + output,
        calls: used.calls + 1,
        costUsd: cost,
      };
    },
    usage: (): AnalysisUsage => used,
  };
}
