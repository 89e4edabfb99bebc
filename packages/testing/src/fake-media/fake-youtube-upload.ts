import { type FakeProvider, type ProviderExchange, type ProviderReply, startFakeProvider } from "./fake-provider.ts";

interface UploadedVideo {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly privacy: string;
  readonly bytes: Buffer;
}

export interface FakeYoutubeUpload extends FakeProvider {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The one refresh token it knows; `revoke` makes it worthless. */
  readonly refreshToken: string;
  /** Finished uploads, each of them a video that people see. */
  readonly videos: readonly UploadedVideo[];
  revoke(): void;
  /** Access tokens given so far are refused from now on. */
  expireAccessTokens(): void;
  forgetSessions(): void;
  /** A reply for one chunk: keeps the first bytes of it and drops the connection. */
  keepsAndCuts(bytes: number): ProviderReply;
}

interface Session {
  readonly id: string;
  readonly size: number;
  readonly resource: {
    snippet: { title: string; description: string; tags: string[] };
    status: { privacyStatus: string };
  };
  bytes: Buffer;
  videoId: string | undefined;
}

/** YouTube's resumable uploads and Google's token endpoint (`/token`), at one address. */
export async function startFakeYoutubeUpload(): Promise<FakeYoutubeUpload> {
  const account = {
    clientId: "client.test",
    clientSecret: "GOCSPX-test-secret",
    refreshToken: "1//refresh-of-the-fake",
  };
  const sessions = new Map<string, Session>();
  const videos: UploadedVideo[] = [];
  let isRevoked = false;
  let generation = 1;
  let sessionNo = 0;

  const fake = await startFakeProvider(async (exchange) => {
    const { path, method, headers, sendJson } = exchange;
    if (path === "/token") return grant(exchange);
    const session = sessions.get(/^\/session\/(?<id>\w+)$/.exec(path)?.groups?.["id"] ?? "");
    if (method === "PUT") return receive(exchange, session);
    const body = (await exchange.readBody()).toString();
    if (headers["authorization"] !== `Bearer access-${generation}`) return sendJson(401, problem(401, "authError"));
    const id = `s${++sessionNo}`;
    const size = Number(headers["x-upload-content-length"]);
    sessions.set(id, { id, size, resource: JSON.parse(body), bytes: Buffer.alloc(0), videoId: undefined });
    exchange.response.writeHead(200, { location: `${fake.url}/session/${id}`, "content-length": "0" }).end();
  });

  async function grant({ readBody, sendJson }: ProviderExchange): Promise<void> {
    const form = new URLSearchParams((await readBody()).toString());
    const isClient = form.get("client_id") === account.clientId && form.get("client_secret") === account.clientSecret;
    if (!isClient) return sendJson(401, { error: "invalid_client", error_description: "Unauthorized" });
    if (isRevoked || form.get("refresh_token") !== account.refreshToken) {
      return sendJson(400, { error: "invalid_grant", error_description: "Token has been expired or revoked." });
    }
    sendJson(200, { access_token: `access-${generation}`, expires_in: 3_599, token_type: "Bearer" });
  }

  async function receive(
    { headers, readBody, sendJson, response }: ProviderExchange,
    session?: Session,
  ): Promise<void> {
    const chunk = await readBody();
    if (session === undefined) return sendJson(404, problem(404, "notFound"));
    const from = /^bytes (?<from>\d+)-\d+\/\d+$/.exec(String(headers["content-range"]))?.groups?.["from"];
    if (from !== undefined && Number(from) !== session.bytes.length) return sendJson(400, problem(400, "badRequest"));
    if (from !== undefined) session.bytes = Buffer.concat([session.bytes, chunk]);
    if (session.bytes.length === session.size) return sendJson(session.videoId ? 200 : 201, finish(session));
    const range = session.bytes.length > 0 ? { range: `bytes=0-${session.bytes.length - 1}` } : {};
    response.writeHead(308, { ...range, "content-length": "0" }).end();
  }

  function finish(session: Session): object {
    if (session.videoId === undefined) {
      session.videoId = `fakeVideo${String(videos.length + 1).padStart(2, "0")}`;
      const { snippet, status } = session.resource;
      const { title, description, tags } = snippet;
      const privacy = status.privacyStatus;
      videos.push({ id: session.videoId, title, description, tags, privacy, bytes: session.bytes });
    }
    return { kind: "youtube#video", id: session.videoId, ...session.resource };
  }

  const keepsAndCuts = (bytes: number): ProviderReply => {
    return async ({ path, readBody, request }) => {
      const chunk = await readBody();
      const session = sessions.get(path.split("/").at(-1) ?? "");
      if (session !== undefined) session.bytes = Buffer.concat([session.bytes, chunk.subarray(0, bytes)]);
      if (session?.bytes.length === session?.size && session !== undefined) finish(session);
      request.socket.destroy();
    };
  };
  const revoke = (): void => {
    isRevoked = true;
  };
  const expireAccessTokens = (): void => {
    generation += 1;
  };
  const forgetSessions = (): void => sessions.clear();
  return { ...fake, ...account, videos, revoke, expireAccessTokens, forgetSessions, keepsAndCuts };
}

/** The body of YouTube's refusals. */
function problem(code: number, reason: string): object {
  return { error: { code, message: `The request failed: ${reason}`, errors: [{ reason, domain: "youtube" }] } };
}
