import { createServer, type IncomingMessage, type Server } from "node:http";
import { Webhook } from "standardwebhooks";

export interface Received {
  readonly callback_event_id: string;
  readonly type: string;
  readonly job_id: string | null;
  readonly [field: string]: unknown;
}

/**
 * A receiver of callbacks by the public library of Standard Webhooks: nothing of Millrace is in it. Answers 204 to a callback it
 * believes, 400 to one it does not; hands each event over once, however often it comes.
 *
 * An event is remembered before its answer. This one forgets when it ends: a real one keeps ids where it keeps its work, in the
 * same transaction.
 */
export function createReceiver(options: {
  readonly secret: string;
  readonly onCallback: (callback: Received) => void;
}): Server {
  const webhook = new Webhook(options.secret);
  const seen = new Set<string>();
  return createServer(async (request, response) => {
    try {
      const callback = webhook.verify(await rawBody(request), request.headers as Record<string, string>) as Received;
      if (!seen.has(callback.callback_event_id)) {
        seen.add(callback.callback_event_id);
        options.onCallback(callback);
      }
      response.writeHead(204).end();
    } catch {
      response.writeHead(400).end();
    }
  });
}

/** The bytes as they came: a body that was parsed and written again has another signature. */
async function rawBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > 2_000_000) throw new Error("too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
