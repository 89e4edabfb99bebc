import { createHash, randomBytes } from "node:crypto";
import { and, desc, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { isUuid } from "./is-uuid.ts";
import { plainText } from "./json-text.ts";
import { newId } from "./new-id.ts";
import { apiKeys } from "./schema/api-keys.ts";
import { auditEvents } from "./schema/audit-events.ts";
import { callbackEndpoints } from "./schema/callback-endpoints.ts";
import { owners } from "./schema/owners.ts";

export interface Owner {
  readonly id: string;
  readonly name: string;
}

/** A key as lists show it; the key itself is shown once, when it is made. */
export interface ApiKey {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly isAdmin: boolean;
  readonly roles: readonly string[];
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

export interface NewApiKey {
  readonly ownerId: string;
  readonly name: string;
  readonly scopes?: readonly string[];
  readonly isAdmin?: boolean;
  /** What its holder is at gates that ask for a role. */
  readonly roles?: readonly string[];
}

export interface AuditEvent {
  /** `audit.reprocess_trigger`, `audit.full_tier_access`, `audit.cancellation`, `audit.callback_delivery` (A2.10) … */
  readonly event: string;
  readonly actor: string;
  readonly ownerId?: string | null;
  readonly jobId?: string | null;
  readonly contentId?: string | null;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface KeyStore {
  createOwner(owner: { readonly id?: string; readonly name: string }): Promise<Owner>;
  findOwner(name: string): Promise<Owner | undefined>;
  /** `key` is nowhere else: only its hash is kept. */
  createApiKey(key: NewApiKey): Promise<{ readonly key: string; readonly apiKey: ApiKey }>;
  /** The key's row, unless it is unknown or revoked. */
  findApiKey(plain: string): Promise<ApiKey | undefined>;
  /** Whether there was one to revoke. */
  revokeApiKey(id: string): Promise<boolean>;
  listApiKeys(ownerId: string | null): Promise<ApiKey[]>;
  /** The owner's one enabled endpoint from now on. Returns its id. */
  ensureCallbackEndpoint(endpoint: {
    readonly ownerId: string;
    readonly url: string;
    readonly secret: string;
  }): Promise<string>;
  recordAudit(event: AuditEvent): Promise<void>;
}

const KEY = /^mr_[0-9a-f]{8}_[A-Za-z0-9_-]{43}$/;

/** `last_used_at` is a hint for people; writing it on every request would make each read a write. */
const LAST_USED_EVERY_MS = 60_000;

const SHOWN = {
  id: apiKeys.id,
  ownerId: apiKeys.ownerId,
  name: apiKeys.name,
  prefix: apiKeys.prefix,
  scopes: apiKeys.scopes,
  isAdmin: apiKeys.isAdmin,
  roles: apiKeys.roles,
  createdAt: apiKeys.createdAt,
  lastUsedAt: apiKeys.lastUsedAt,
  revokedAt: apiKeys.revokedAt,
};

/** Owners, their keys and endpoints, and the audit trail. */
export function createKeyStore(db: Database): KeyStore {
  return {
    async createOwner({ id = newId(), name }) {
      await db.build((orm) => orm.insert(owners).values({ id, name }));
      return { id, name };
    },

    async findOwner(name) {
      const [owner] = await db.build((orm) =>
        orm
          .select({ id: owners.id, name: owners.name })
          .from(owners)
          .where(eq(owners.name, name))
          .orderBy(owners.createdAt)
          .limit(1),
      );
      return owner;
    },

    async createApiKey({ ownerId, name, scopes = [], isAdmin = false, roles = [] }) {
      const prefix = randomBytes(4).toString("hex");
      const key = `mr_${prefix}_${randomBytes(32).toString("base64url")}`;
      const row = {
        id: newId(),
        ownerId,
        name,
        prefix,
        keyHash: hashOf(key),
        scopes: [...scopes],
        isAdmin,
        roles: [...roles],
      };
      const [apiKey] = await db.build((orm) => orm.insert(apiKeys).values(row).returning(SHOWN));
      return { key, apiKey: apiKey! };
    },

    async findApiKey(plain) {
      if (!KEY.test(plain)) return undefined;
      const isThis = and(eq(apiKeys.keyHash, hashOf(plain)), isNull(apiKeys.revokedAt));
      const [apiKey] = await db.build((orm) => orm.select(SHOWN).from(apiKeys).where(isThis));
      if (apiKey !== undefined) noteUse(db, apiKey);
      return apiKey;
    },

    async revokeApiKey(id) {
      if (!isUuid(id)) return false;
      const revoked = await db.build((orm) =>
        orm
          .update(apiKeys)
          .set({ revokedAt: sql`now()` })
          .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt)))
          .returning({ id: apiKeys.id }),
      );
      return revoked.length > 0;
    },

    listApiKeys: (ownerId) =>
      db.build((orm) =>
        orm
          .select(SHOWN)
          .from(apiKeys)
          .where(ownerId === null ? undefined : eq(apiKeys.ownerId, ownerId))
          .orderBy(desc(apiKeys.createdAt), desc(apiKeys.id)),
      ),

    async ensureCallbackEndpoint({ ownerId, url, secret }) {
      const [endpoint] = await db.build((orm) =>
        orm
          .insert(callbackEndpoints)
          .values({ id: newId(), ownerId, url, secret })
          .onConflictDoUpdate({
            target: callbackEndpoints.ownerId,
            targetWhere: sql`${callbackEndpoints.isEnabled}`,
            set: { url, secret },
          })
          .returning({ id: callbackEndpoints.id }),
      );
      return endpoint!.id;
    },

    async recordAudit({ event, actor, ownerId = null, jobId = null, contentId = null, details = {} }) {
      await db.build((orm) =>
        orm.insert(auditEvents).values({ event, actor: plainText(actor), ownerId, jobId, contentId, details }),
      );
    },
  };
}

function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

function noteUse(db: Database, { id, lastUsedAt }: ApiKey): void {
  if (lastUsedAt !== null && Date.now() - lastUsedAt.getTime() < LAST_USED_EVERY_MS) return;
  const note = db.build((orm) => orm.update(apiKeys).set({ lastUsedAt: sql`now()` }).where(eq(apiKeys.id, id)));
  // a hint: whoever is using the key does not wait for it, nor fail with it
  note.catch(() => {});
}
