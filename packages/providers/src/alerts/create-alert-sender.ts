import { MillraceError } from "@millrace/core";
import type { OutboundFetch } from "../outbound/outbound-fetch.ts";

export interface AlertMessage {
  readonly kind: string;
  readonly severity: "info" | "warning" | "critical";
  readonly message: string;
  /** Others of its kind and subject that came with it. */
  readonly others: number;
  readonly at: Date;
}

export interface AlertSenderOptions {
  readonly fetch: OutboundFetch;
  /** A webhook of Discord, or one that takes what Slack's take. It is a secret: whoever has it can post. */
  readonly url: string;
}

/** Resolves when the receiver has taken it; rejects with an error that does not name the address. */
export type AlertSender = (message: AlertMessage) => Promise<void>;

/** C2.8. */
const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 10_000;
/** Discord takes 2,000. */
const MOST_CHARACTERS = 1_900;

const COLOURS = { info: 0x3b82f6, warning: 0xf59e0b, critical: 0xdc2626 } as const;

/** One post in Discord's shape with Slack's `text` beside it; neither notifies everybody, whatever a title says. */
export function createAlertSender({ fetch, url }: AlertSenderOptions): AlertSender {
  return async (alert) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(bodyOf(alert)),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
      cutsBody: true,
      maxRedirects: 0,
    });
    if (response.status < 200 || response.status > 299) {
      throw new MillraceError("URL_HTTP_ERROR", `The receiver of alerts answered ${response.status}.`, {
        retry: "backoff",
        details: { status: response.status },
      });
    }
  };
}

function bodyOf({ kind, severity, message, others, at }: AlertMessage) {
  const more = others === 0 ? "" : ` (and ${others} more like it)`;
  const words = `[${severity}] ${message.slice(0, MOST_CHARACTERS - more.length - 20)}${more}`;
  return {
    content: words,
    text: words.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"),
    embeds: [{ title: kind, color: COLOURS[severity], timestamp: at.toISOString() }],
    allowed_mentions: { parse: [] },
  };
}
