import { type FakeProvider, startFakeProvider } from "./fake-provider.ts";
import { sampleMp3 } from "./sample-media.ts";

export interface ElevenlabsFakeOptions {
  readonly speech?: (text: string) => Buffer | Promise<Buffer>;
  readonly sound?: (text: string, seconds: number) => Buffer | Promise<Buffer>;
  /** What every answer says it cost. */
  readonly characterCost?: number;
}

export interface FakeElevenlabs extends FakeProvider {
  readonly apiKey: string;
}

/** Voices it does not know are those whose id starts with "no". */
export async function startFakeElevenlabs(options: ElevenlabsFakeOptions = {}): Promise<FakeElevenlabs> {
  const { speech = (text) => sampleMp3(text.length / 15), sound = (_, seconds) => sampleMp3(seconds) } = options;
  const apiKey = "sk_elevenlabs_test_0123456789";
  const fake = await startFakeProvider(async (exchange) => {
    const { path, headers, sendJson, response } = exchange;
    const asked = JSON.parse((await exchange.readBody()).toString()) as { text: string; duration_seconds?: number };
    if (headers["xi-api-key"] !== apiKey) {
      return sendJson(401, { detail: { status: "invalid_api_key", message: "Invalid API key" } });
    }
    const voice = /^\/v1\/text-to-speech\/(?<id>[^/]+)$/.exec(path)?.groups?.["id"];
    if (voice?.startsWith("no")) {
      return sendJson(404, {
        detail: { status: "voice_not_found", message: `A voice with id ${voice} was not found.` },
      });
    }
    if (voice === undefined && path !== "/v1/sound-generation") return sendJson(404, { detail: "Not Found" });
    const bytes = voice === undefined ? sound(asked.text, asked.duration_seconds ?? 1) : speech(asked.text);
    const cost = options.characterCost;
    response.writeHead(200, {
      "content-type": "audio/mpeg",
      ...(cost !== undefined && { "character-cost": String(cost) }),
    });
    response.end(await bytes);
  });
  return { ...fake, apiKey };
}
