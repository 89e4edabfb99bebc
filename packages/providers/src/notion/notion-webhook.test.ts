import { createHmac } from "node:crypto";
import { signWebhookPayload } from "@notionhq/client";
import { describe, expect, it } from "vitest";
import { isNotionSignature, readNotionPost } from "./notion-webhook.ts";

const verificationToken = "secret_test-verification-token";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const posted = (value: unknown): Uint8Array => bytes(JSON.stringify(value));
const event = {
  id: "367cba44-b6f3-4c92-81e7-6a2e9659efd4",
  timestamp: "2024-12-05T23:55:34.285Z",
  workspace_id: "13950b26-c203-4f3b-b97d-93ec06319565",
  subscription_id: "29d75c0d-5546-4414-8459-7b7a92f1fc4b",
  type: "page.properties_updated",
  attempt_number: 1,
  entity: { id: "153104CD-477e-809d-8dc4-ff2d96ae3090", type: "page" },
  data: { parent: { id: "13950b26-c203-4f3b-b97d-93ec06319565", type: "database" } },
};
const hexOf = (body: Uint8Array): string => createHmac("sha256", verificationToken).update(body).digest("hex");

describe("C-Q22 the signature of a webhook", () => {
  it("is the one Notion's own client makes over the raw bytes", async () => {
    const body = bytes('{ "name" : "Füchse" }\n');
    const signature = await signWebhookPayload({ body, verificationToken });
    expect(signature).toBe(`sha256=${hexOf(body)}`);
    expect(isNotionSignature({ body, signature, verificationToken })).toBe(true);
    const again = posted(JSON.parse(new TextDecoder().decode(body)));
    expect(isNotionSignature({ body: again, signature, verificationToken })).toBe(false);
  });

  const body = posted(event);
  it.each([
    ["none", undefined],
    ["an empty one", ""],
    ["bare hex", hexOf(body)],
    ["another algorithm", `sha1=${hexOf(body)}`],
    ["one cut short", `sha256=${hexOf(body).slice(0, 62)}`],
    ["one too long", `sha256=${hexOf(body)}00`],
    ["one of another body", `sha256=${hexOf(bytes("{}"))}`],
    ["no hex", `sha256=${"g".repeat(64)}`],
  ])("is refused: %s", (_what, signature) => {
    expect(isNotionSignature({ body, signature, verificationToken })).toBe(false);
  });

  it.each([undefined, ""])("is never right without a secret: %j", (secret) => {
    const signature = `sha256=${createHmac("sha256", secret ?? "")
      .update(body)
      .digest("hex")}`;
    expect(isNotionSignature({ body, signature, verificationToken: secret })).toBe(false);
  });
});

describe("what a webhook says", () => {
  it("C-Q22 the handshake brings the token", () => {
    const post = readNotionPost(posted({ verification_token: verificationToken }));
    expect(post).toEqual({ kind: "handshake", verificationToken });
  });

  it("C2.5 C-Q16 an event names its own id, its type and the page", () => {
    expect(readNotionPost(posted(event))).toEqual({
      kind: "page_event",
      id: event.id,
      type: "page.properties_updated",
      pageId: "153104cd477e809d8dc4ff2d96ae3090",
      at: event.timestamp,
    });
  });

  it("an event about something else says so", () => {
    const post = readNotionPost(
      posted({ ...event, type: "database.schema_updated", entity: { id: "x", type: "database" } }),
    );
    expect(post).toEqual({ kind: "other_event", id: event.id, type: "database.schema_updated" });
  });

  it.each([
    ["no JSON", bytes("{"), "MALFORMED_JSON", undefined],
    ["no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "MALFORMED_JSON", undefined],
    ["no object", posted(null), "VALIDATION_FAILED", "body"],
    ["no id", posted({ ...event, id: undefined }), "VALIDATION_FAILED", "id"],
    ["no time", posted({ ...event, timestamp: "yesterday" }), "VALIDATION_FAILED", "timestamp"],
    ["no page id", posted({ ...event, entity: { id: "1", type: "page" } }), "VALIDATION_FAILED", "entity.id"],
  ])("C2.5 is refused with field and rule: %s", (_what, body, code, field) => {
    const details = field === undefined ? {} : { errors: [expect.objectContaining({ field })] };
    expect(() => readNotionPost(body)).toThrow(expect.objectContaining({ code, details }));
  });
});
