import { MillraceError, type RetryAdvice, type StageWarning } from "@millrace/core";
import type { Analyser, Analysis, AnalysisInput } from "../analyser.ts";
import { storable } from "../rules/clean-text.ts";
import { RESULT_LIMITS, resultOfPayload } from "../rules/result-of-payload.ts";
import { createModelCaller, type Endpoint, type ModelAnswer } from "./call-model.ts";
import { createMeter, type PriceTable } from "./meter.ts";
import { payloadOfAnswer, withoutReasoning } from "./payload-of-answer.ts";
import { analysisPrompt, type Prompt, repairPrompt } from "./prompt.ts";

/** A2.3: one call, and one to repair its answer. */
const ANALYSIS = { temperature: 0.3, maxOutputTokens: 3_000, timeoutMs: 120_000 };
const REPAIR = { temperature: 0.1, maxOutputTokens: 3_000, timeoutMs: 60_000 };
/** All calls of one analysis together: below the 300 s of its stage, so that the error names the model, not the stage. */
const TOTAL_MS = 285_000;
const MAX_TEXT_CHARACTERS = 10_000;
const AUTH_STATUSES: ReadonlySet<unknown> = new Set([401, 402, 403]);

export interface LanguageModelOptions extends Endpoint {
  readonly model: string;
  /** Asked in turn when a model answers nothing or cannot be called. */
  readonly fallbackModels?: readonly string[];
  readonly maxNewTags?: number;
  readonly maxTopics?: number;
  readonly minConfidence?: number;
  /** How much of a text is sent. */
  readonly maxTextCharacters?: number;
  readonly priceTable?: PriceTable;
  /** The first two for each call, the third for all of them with every fallback. */
  readonly timeouts?: { readonly analysisMs?: number; readonly repairMs?: number; readonly totalMs?: number };
}

/** An analyser that asks a language model behind an OpenAI-compatible endpoint. */
export function createLanguageModelAnalyser(options: LanguageModelOptions): Analyser {
  const callModel = createModelCaller(options);
  const models = [options.model, ...(options.fallbackModels ?? [])];
  const limits = {
    maxNewTags: options.maxNewTags ?? RESULT_LIMITS.maxNewTags,
    maxTopics: options.maxTopics ?? RESULT_LIMITS.maxTopics,
    minConfidence: options.minConfidence ?? RESULT_LIMITS.minConfidence,
  };
  const maxTextCharacters = options.maxTextCharacters ?? MAX_TEXT_CHARACTERS;
  const analysisCall = { ...ANALYSIS, timeoutMs: options.timeouts?.analysisMs ?? ANALYSIS.timeoutMs };
  const repairCall = { ...REPAIR, timeoutMs: options.timeouts?.repairMs ?? REPAIR.timeoutMs };

  async function analyse(input: AnalysisInput, { signal, now }: { signal: AbortSignal; now: Date }): Promise<Analysis> {
    const meter = createMeter(options.priceTable ?? {});
    const deadline = performance.now() + (options.timeouts?.totalMs ?? TOTAL_MS);
    const ask = async (model: string, prompt: Prompt, settings: typeof ANALYSIS): Promise<ModelAnswer> => {
      const timeoutMs = Math.min(settings.timeoutMs, Math.floor(deadline - performance.now()));
      if (timeoutMs <= 0) throw outOfTime(model);
      const answer = await callModel({ ...settings, timeoutMs, model, prompt, signal });
      meter.record({ ...answer, model, prompt: prompt.system + prompt.user, answer: answer.text });
      return answer;
    };
    const prompt = analysisPrompt(input, { ...limits, maxTextCharacters });
    const { model, text, warnings } = await firstAnswer(models, (name) => ask(name, prompt, analysisCall), signal);
    const trace = { prompt: storable(`${prompt.system}\n\n${prompt.user}`), raw_answer: storable(text) };
    const direct = resultOfPayload(payloadOfAnswer(text), { input, model, now, limits });
    if (direct !== null) {
      return { ...direct, warnings: [...warnings, ...sampled(), ...direct.warnings], usage: meter.usage(), trace };
    }
    const repaired = (await ask(model, repairPrompt(text), repairCall)).text;
    const mended = resultOfPayload(payloadOfAnswer(repaired), { input, model, now, limits });
    if (mended === null) {
      throw new MillraceError("PARSE_FAILED", "The language model's answer is no result, nor is its repair", {
        details: { model, usage: meter.usage(), raw_answer: storable(text.slice(0, 3_000)) },
      });
    }
    const note = {
      code: "ANSWER_REPAIRED",
      message: "The language model's first answer was not JSON and was repaired",
    };
    return {
      ...mended,
      warnings: [...warnings, ...sampled(), note, ...mended.warnings],
      usage: meter.usage(),
      trace: { ...trace, repaired_answer: storable(repaired) },
    };

    function sampled(): StageWarning[] {
      if (input.text.length <= maxTextCharacters) return [];
      const message = `The language model was shown the first ${maxTextCharacters} of ${input.text.length} characters`;
      return [{ code: "TEXT_SAMPLED", message }];
    }
  }

  return { name: options.model, lane: "io", analyse };
}

interface FirstAnswer {
  readonly model: string;
  readonly text: string;
  readonly warnings: readonly StageWarning[];
}

/** The first model that answers something; when none does, the error that promises most from trying again. */
async function firstAnswer(
  models: readonly string[],
  ask: (model: string) => Promise<ModelAnswer>,
  signal: AbortSignal,
): Promise<FirstAnswer> {
  const errors: MillraceError[] = [];
  for (const model of models) {
    try {
      const { text } = await ask(model);
      if (withoutReasoning(text) !== "") return { model, text, warnings: errors.map(fallbackWarning) };
      throw new MillraceError("EMPTY_RESPONSE", "The language model answered nothing", {
        retry: "backoff",
        details: { model },
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof MillraceError)) throw error;
      errors.push(error);
      // The other models stand behind the same key.
      if (AUTH_STATUSES.has(error.details["status"])) break;
    }
  }
  const hope: readonly RetryAdvice[] = ["park", "backoff", "stop", "never"];
  throw errors.sort((a, b) => hope.indexOf(a.retry) - hope.indexOf(b.retry))[0];
}

function outOfTime(model: string): MillraceError {
  const message = "The language model was not asked: the calls before it used up the time for one analysis";
  return new MillraceError("LLM_CALL_ERROR", message, { retry: "backoff", details: { model } });
}

function fallbackWarning(error: MillraceError): StageWarning {
  const model = String(error.details["model"]);
  return { code: "MODEL_SKIPPED", message: `${model}: ${error.message}`, details: { model, code: error.code } };
}
