import { createHmac, timingSafeEqual } from "node:crypto";
import { MillraceError, notionId } from "@millrace/core";
import { z } from "zod";

/** The header Notion signs with; where a proxy renames it, the caller reads another one. */
export const NOTION_SIGNATURE_HEADER = "x-notion-signature";

export interface SignedBody {
  /** As it came over the wire. */
  readonly body: Uint8Array;
  /** `sha256=<hex>` */
  readonly signature: string | undefined;
  /** What the handshake brought. Without one nothing is genuine. */
  readonly verificationToken: string | undefined;
}

export type NotionPost =
  /** Once, when somebody makes the subscription: the token is to be pasted into Notion and signs everything later. */
  | { readonly kind: "handshake"; readonly verificationToken: string }
  | {
      readonly kind: "page_event";
      readonly id: string;
      /** `page.created`, `page.properties_updated`, `page.deleted` … */
      readonly type: string;
      readonly pageId: string;
      readonly at: string;
    }
  /** About something else than a page. */
  | { readonly kind: "other_event"; readonly id: string; readonly type: string };

/** Whether Notion signed this body; compared in constant time. */
export function isNotionSignature({ body, signature, verificationToken }: SignedBody): boolean {
  const hex = /^sha256=(?<hex>[0-9a-f]{64})$/i.exec(signature ?? "")?.groups?.["hex"];
  if (hex === undefined || verificationToken === undefined || verificationToken === "") return false;
  const expected = createHmac("sha256", verificationToken).update(body).digest();
  return timingSafeEqual(Buffer.from(hex, "hex"), expected);
}

const handshake = z.looseObject({ verification_token: z.string().min(8).max(500) });
const event = z.looseObject({
  id: z.string().min(1).max(100),
  type: z.string().min(1).max(100),
  timestamp: z.iso.datetime({ offset: true }),
  entity: z.looseObject({ id: z.string(), type: z.string() }),
});

/** What a post says. Throws MALFORMED_JSON, or VALIDATION_FAILED with `details.errors` of field, rule and message. */
export function readNotionPost(body: Uint8Array): NotionPost {
  const said = parse(body);
  const first = handshake.safeParse(said);
  if (first.success) return { kind: "handshake", verificationToken: first.data.verification_token };
  const read = event.safeParse(said);
  if (!read.success) {
    throw invalid(
      read.error.issues.map(({ path, code, message }) => ({ field: path.join(".") || "body", rule: code, message })),
    );
  }
  const { id, type, timestamp: at, entity } = read.data;
  if (entity.type !== "page") return { kind: "other_event", id, type };
  const pageId = notionId(entity.id);
  if (pageId === undefined)
    throw invalid([{ field: "entity.id", rule: "page_id", message: "must be the id of a page" }]);
  return { kind: "page_event", id, type, pageId, at };
}

function invalid(
  errors: readonly { readonly field: string; readonly rule: string; readonly message: string }[],
): MillraceError {
  const words = errors.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return new MillraceError("VALIDATION_FAILED", `The body is no event of Notion: ${words}`, { details: { errors } });
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new MillraceError("MALFORMED_JSON", "The body is not JSON", { cause });
  }
}
