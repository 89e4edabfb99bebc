import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { MillraceError } from "@millrace/core";
import { APICallError, generateText, type JSONSchema7, Output } from "ai";
import { ANSWER_JSON_SCHEMA } from "./answer-schema.ts";
import { callErrorOf } from "./call-error.ts";
import type { Prompt } from "./prompt.ts";

/** How an endpoint is asked for JSON, the strictest first. */
const FORMATS = ["json_schema", "json_object", "text"] as const;
type Format = (typeof FORMATS)[number];

export interface Endpoint {
  /** Up to and including the version: `https://api.example.com/v1`. */
  readonly baseUrl: string;
  readonly apiKey?: string;
  readonly fetch?: typeof globalThis.fetch;
}

export interface ModelCall {
  readonly model: string;
  readonly prompt: Prompt;
  readonly temperature: number;
  readonly maxOutputTokens: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface ModelAnswer {
  readonly text: string;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/**
 * One question, one answer, over any OpenAI-compatible endpoint. Throws MillraceError LLM_CALL_ERROR or
 * QUOTA_EXHAUSTED, or the signal's reason. Nothing is retried here: that is the engine's business.
 */
export function createModelCaller(endpoint: Endpoint): (call: ModelCall) => Promise<ModelAnswer> {
  // An endpoint refuses a format it does not know with a 400; what it accepted is remembered for the next call.
  const formats = new Map<string, Format>();

  async function ask(call: ModelCall, format: Format, abortSignal: AbortSignal): Promise<ModelAnswer> {
    const provider = createOpenAICompatible({
      name: "language-model",
      baseURL: endpoint.baseUrl.replace(/\/+$/, ""),
      supportsStructuredOutputs: format === "json_schema",
      ...(endpoint.apiKey === undefined ? {} : { apiKey: endpoint.apiKey }),
      ...(endpoint.fetch === undefined ? {} : { fetch: endpoint.fetch }),
    });
    const { text, usage } = await generateText({
      model: provider(call.model),
      system: call.prompt.system,
      prompt: call.prompt.user,
      temperature: call.temperature,
      maxOutputTokens: call.maxOutputTokens,
      maxRetries: 0,
      abortSignal,
      output: outputFor(format),
    });
    return { text, inputTokens: usage.inputTokens, outputTokens: usage.outputTokens };
  }

  return async (call) => {
    const timeout = AbortSignal.timeout(call.timeoutMs);
    const abortSignal = AbortSignal.any([call.signal, timeout]);
    for (;;) {
      const format = formats.get(call.model) ?? FORMATS[0];
      try {
        return await ask(call, format, abortSignal);
      } catch (error) {
        call.signal.throwIfAborted();
        if (timeout.aborted) throw timedOut(call);
        const simpler = FORMATS[FORMATS.indexOf(format) + 1];
        if (simpler === undefined || !isFormatRefused(error)) {
          throw callErrorOf(error, { model: call.model, secret: endpoint.apiKey ?? "" });
        }
        formats.set(call.model, simpler);
      }
    }
  };
}

/** Text output that still asks for JSON: what the model wrote is wanted also when it is not valid JSON. */
function outputFor(format: Format): ReturnType<typeof Output.text> {
  const text = Output.text();
  if (format === "text") return text;
  const schema = format === "json_schema" ? { schema: ANSWER_JSON_SCHEMA as JSONSchema7, name: "analysis" } : {};
  return { ...text, responseFormat: Promise.resolve({ type: "json" as const, ...schema }) };
}

function isFormatRefused(error: unknown): boolean {
  if (!APICallError.isInstance(error) || (error.statusCode !== 400 && error.statusCode !== 422)) return false;
  return /response_format|json_schema|json_object|structured|schema|json mode/i.test(error.responseBody ?? "");
}

function timedOut(call: ModelCall): MillraceError {
  return new MillraceError("LLM_CALL_ERROR", `The language model did not answer within ${call.timeoutMs} ms`, {
    retry: "backoff",
    details: { model: call.model, timeoutMs: call.timeoutMs },
  });
}
