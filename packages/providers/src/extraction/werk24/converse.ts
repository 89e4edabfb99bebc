import type { StageWarning } from "@millrace/core";
import type { OutboundFetch } from "../../outbound/outbound-fetch.ts";
import { openWebSocket, type WebSocketSession } from "./open-web-socket.ts";
import { uploadDrawing } from "./upload-drawing.ts";
import type { AskType } from "./werk24-asks.ts";
import { answerInvalid, refused, refusedWith, unavailable, wordsOf } from "./werk24-error.ts";
import { parseJson, readInitialized, readMessage, type Werk24Message } from "./werk24-message.ts";

/** Of the client whose protocol this is; Werk24 answers newer ones in more detail. */
const PROTOCOL_VERSION = "2.6.0";

export interface Conversation {
  readonly url: URL;
  readonly apiKey: string;
  readonly fetch: OutboundFetch;
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly asks: readonly AskType[];
  readonly maxPages: number;
  readonly maxAnswerBytes: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly progress: (share: number) => void;
}

/** One answer to one ask about one page. */
export interface Werk24Answer {
  readonly ask: string;
  /** From 1. */
  readonly page: number;
  readonly payload: Readonly<Record<string, unknown>> | undefined;
  /** A picture, or a payload that was too long for a message. */
  readonly file: { readonly bytes: Uint8Array; readonly mediaType: string } | undefined;
}

export interface Conversed {
  readonly requestIds: readonly string[];
  readonly answers: readonly Werk24Answer[];
  readonly errors: readonly StageWarning[];
  readonly warnings: readonly StageWarning[];
  readonly messages: number;
  /** What Werk24 said of the account: the handshake's headers and the last message's fields. */
  readonly account: Readonly<Record<string, unknown>>;
}

/** Werk24's protocol from the handshake to its last answer: initialize, upload, read, listen. Throws what stops it. */
export async function converse(talk: Conversation): Promise<Conversed> {
  const { url, apiKey, signal, maxAnswerBytes, progress } = talk;
  const headers = { authorization: `Token ${apiKey}`, "user-agent": "millrace" };
  const handshake = await openWebSocket({ url, headers, signal, maxBytes: maxAnswerBytes });
  if (handshake.kind === "refused") throw refusedWith({ ...handshake, words: wordsOf(handshake.body) });
  const { session } = handshake;
  try {
    progress(0.05);
    const asks = talk.asks.map((ask) => ({ ask_version: "v2", ask_type: ask }));
    say(session, "INITIALIZE", { asks, client_version: PROTOCOL_VERSION, max_pages: talk.maxPages });
    const welcome = await hear(session);
    if (welcome === undefined) throw unavailable("the session was closed at its start");
    stopOn(welcome);
    const place = readInitialized(welcome.payload_dict);
    progress(0.1);
    await uploadDrawing({ ...talk, place });
    progress(0.2);
    say(session, "READ", {});
    return await listen(talk, session, { welcome, account: handshake.headers });
  } finally {
    session.close();
  }
}

async function listen(
  talk: Conversation,
  session: WebSocketSession,
  { welcome, account }: { readonly welcome: Werk24Message; readonly account: Readonly<Record<string, unknown>> },
): Promise<Conversed> {
  const requestIds = new Set([welcome.request_id]);
  const answers: Werk24Answer[] = [];
  const errors: StageWarning[] = [];
  const warnings: StageWarning[] = [];
  const open = new Set<string>(talk.asks);
  const heard: Heard = { answers, errors, warnings, open, downloadedBytes: 0 };
  let messages = 1;
  let closing: Readonly<Record<string, unknown>> = {};
  for (;;) {
    const message = await hear(session);
    if (message === undefined) break;
    messages++;
    requestIds.add(message.request_id);
    if (message.message_type === "ERROR") throw unavailable(`it reports ${message.message_subtype}`);
    if (message.message_type === "ASK") await takeAnswer(talk, message, heard);
    else noteExceptions(message, heard);
    talk.progress(0.2 + 0.75 * (1 - open.size / talk.asks.length));
    if (message.message_subtype === "COMPLETED") {
      closing = message.payload_dict ?? {};
      break;
    }
  }
  for (const ask of open) errors.push({ code: "WERK24_ASK_UNANSWERED", message: `Werk24 gave no answer to ${ask}.` });
  if (answers.length === 0) throw nothingAnswered(errors);
  return { requestIds: [...requestIds], answers, errors, warnings, messages, account: { ...account, ...closing } };
}

interface Heard {
  readonly answers: Werk24Answer[];
  readonly errors: StageWarning[];
  readonly warnings: StageWarning[];
  /** Asks nobody has answered yet. */
  readonly open: Set<string>;
  /** Of all files Werk24 named. */
  downloadedBytes: number;
}

async function takeAnswer(talk: Conversation, message: Werk24Message, heard: Heard): Promise<void> {
  const ask = message.message_subtype;
  heard.open.delete(ask);
  const hasFailed = noteExceptions(message, heard);
  const page = (message.page_number ?? 0) + 1;
  const payload = message.payload_dict ?? undefined;
  if (payload !== undefined) heard.answers.push({ ask, page, payload, file: undefined });
  else if (message.payload_url)
    heard.answers.push({ ask, page, ...(await download(talk, message.payload_url, { ask, heard })) });
  else if (!hasFailed) throw answerInvalid(`nothing in the answer to ${ask}`);
}

async function download(
  { fetch, signal, timeoutMs, maxAnswerBytes }: Conversation,
  url: string,
  { ask, heard }: { readonly ask: string; readonly heard: Heard },
): Promise<Pick<Werk24Answer, "payload" | "file">> {
  const answer = await fetch(url, { signal, timeoutMs, maxBytes: maxAnswerBytes - heard.downloadedBytes });
  if (answer.status < 200 || answer.status > 299) {
    throw unavailable(`its answer to ${ask} could not be fetched (${answer.status})`);
  }
  heard.downloadedBytes += answer.body.byteLength;
  if (ask === "SHEET_IMAGES") {
    const mediaType = answer.headers["content-type"] ?? "application/octet-stream";
    return { payload: undefined, file: { bytes: answer.body, mediaType } };
  }
  const value = parseJson(Buffer.from(answer.body).toString("utf8"));
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw answerInvalid("a payload that is no object");
  return { payload: value as Record<string, unknown>, file: undefined };
}

/** Whether one of them is an error rather than a hint. */
function noteExceptions(message: Werk24Message, { errors, warnings }: Pick<Heard, "errors" | "warnings">): boolean {
  let hasFailed = false;
  for (const { exception_level, exception_type } of message.exceptions ?? []) {
    const isHint = exception_level === "INFO";
    hasFailed ||= !isHint;
    (isHint ? warnings : errors).push({
      code: `WERK24_${exception_type}`,
      message: `Werk24 says ${exception_type} of ${message.message_subtype}, page ${(message.page_number ?? 0) + 1}.`,
      details: { ask: message.message_subtype, page: (message.page_number ?? 0) + 1 },
    });
  }
  return hasFailed;
}

/** A welcome that is none: the account or the request is refused before a drawing is sent. */
function stopOn(welcome: Werk24Message): void {
  if (welcome.message_type === "ERROR") throw unavailable(`it reports ${welcome.message_subtype}`);
  const types = (welcome.exceptions ?? []).filter((each) => each.exception_level !== "INFO");
  if (types.length > 0) throw refused(types.map((each) => each.exception_type).join(", "));
}

function nothingAnswered(errors: readonly StageWarning[]): Error {
  const reasons = errors.filter((error) => error.code !== "WERK24_ASK_UNANSWERED");
  if (reasons.length === 0) return unavailable("it closed the session without an answer");
  const types = [...new Set(reasons.map((error) => error.code.replace(/^WERK24_/, "")))];
  return refused(types.join(", "), { exceptions: types });
}

const say = (session: WebSocketSession, action: string, message: object): void =>
  session.send(JSON.stringify({ action, message }));

async function hear(session: WebSocketSession): Promise<Werk24Message | undefined> {
  const text = await session.next();
  return text === undefined ? undefined : readMessage(text);
}
