import { type FakeProvider, startFakeProvider } from "./fake-provider.ts";
import { samplePng } from "./sample-media.ts";

export interface GeminiOptions {
  /** The image for a prompt. */
  readonly image?: (prompt: string) => Buffer | Promise<Buffer>;
}

export interface FakeGemini extends FakeProvider {
  readonly apiKey: string;
}

/** Gemini's generateContent, which answers with an image and a remark. */
export async function startFakeGemini({ image = samplePng }: GeminiOptions = {}): Promise<FakeGemini> {
  const apiKey = "AIzaTestKeyOfTheFake0123456789";
  const fake = await startFakeProvider(async (exchange) => {
    const { path, headers, sendJson } = exchange;
    const body = (await exchange.readBody()).toString();
    if (headers["x-goog-api-key"] !== apiKey) {
      const details = [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }];
      const message = "API key not valid. Please pass a valid API key.";
      return sendJson(400, { error: { code: 400, message, status: "INVALID_ARGUMENT", details } });
    }
    if (!/^\/v1beta\/models\/[^/]+:generateContent$/.test(path)) {
      return sendJson(404, { error: { code: 404, message: "model not found", status: "NOT_FOUND" } });
    }
    const asked = JSON.parse(body) as { contents: { parts: { text?: string }[] }[] };
    const prompt = asked.contents[0]?.parts.find(({ text }) => text !== undefined)?.text ?? "";
    const data = (await image(prompt)).toString("base64");
    const parts = [{ text: "Here it is." }, { inlineData: { mimeType: "image/png", data } }];
    sendJson(200, {
      candidates: [{ content: { role: "model", parts }, finishReason: "STOP", index: 0 }],
      usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 1_290, totalTokenCount: 1_299 },
      modelVersion: "gemini-2.5-flash-image",
    });
  });
  return { ...fake, apiKey };
}
