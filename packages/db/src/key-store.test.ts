import { until } from "@millrace/testing";
import { describe, expect, it } from "vitest";
import { createOwner, storeUnderTest } from "./job-store.fixture.ts";
import { createKeyStore } from "./key-store.ts";
import { newId } from "./new-id.ts";

const t = storeUnderTest();
const keys = () => createKeyStore(t.db);

describe("key store", () => {
  it("finds a key by its plain text, which is kept nowhere (A-Q16)", async () => {
    const owner = await keys().createOwner({ name: "ann" });
    const { key, apiKey } = await keys().createApiKey({ ownerId: owner.id, name: "laptop", scopes: ["jobs:read"] });
    expect(key).toMatch(/^mr_[0-9a-f]{8}_[\w-]{43}$/);
    expect(key.startsWith(`mr_${apiKey.prefix}_`)).toBe(true);
    expect(await keys().findApiKey(key)).toMatchObject({
      id: apiKey.id,
      ownerId: owner.id,
      scopes: ["jobs:read"],
      isAdmin: false,
      createdAt: expect.any(Date),
    });
    const rows = await t.db.query("select * from api_keys where id = $1", [apiKey.id]);
    expect(JSON.stringify(rows)).not.toContain(key.slice(12));
    await until(async () => (await keys().findApiKey(key))?.lastUsedAt);
  });

  it("finds nothing for unknown, malformed and revoked keys", async () => {
    const ownerId = await createOwner(t.db);
    const { key, apiKey } = await keys().createApiKey({ ownerId, name: "x", isAdmin: true });
    const last = key.at(-1) === "A" ? "B" : "A";
    for (const wrong of ["", "nonsense", `${key}x`, key.slice(0, -1) + last, `${key}\u0000`]) {
      expect(await keys().findApiKey(wrong)).toBeUndefined();
    }
    expect(await keys().revokeApiKey(apiKey.id)).toBe(true);
    expect(await keys().revokeApiKey(apiKey.id)).toBe(false);
    expect(await keys().revokeApiKey("nonsense")).toBe(false);
    expect(await keys().findApiKey(key)).toBeUndefined();
    expect(await keys().listApiKeys(ownerId)).toMatchObject([{ id: apiKey.id, revokedAt: expect.any(Date) }]);
    expect((await keys().listApiKeys(null)).length).toBeGreaterThanOrEqual(1);
  });

  it("refuses a key for an owner there is not", async () => {
    await expect(keys().createApiKey({ ownerId: newId(), name: "x" })).rejects.toThrow();
  });

  it("keeps one enabled callback endpoint per owner", async () => {
    const ownerId = await createOwner(t.db);
    const first = await keys().ensureCallbackEndpoint({ ownerId, url: "https://example.org/1", secret: "a" });
    const second = await keys().ensureCallbackEndpoint({ ownerId, url: "https://example.org/2", secret: "b" });
    expect(second).toBe(first);
    const rows = await t.db.query("select url, secret from callback_endpoints where owner_id = $1", [ownerId]);
    expect(rows).toEqual([{ url: "https://example.org/2", secret: "b" }]);
  });

  it("records audit events (A2.10)", async () => {
    const ownerId = await createOwner(t.db);
    await keys().recordAudit({
      event: "audit.cancellation",
      actor: "mr_1",
      ownerId,
      details: { outcome: "cancelled" },
    });
    const rows = await t.db.query("select event, actor, job_id, details from audit_events where owner_id = $1", [
      ownerId,
    ]);
    expect(rows).toEqual([
      { event: "audit.cancellation", actor: "mr_1", job_id: null, details: { outcome: "cancelled" } },
    ]);
  });
});
