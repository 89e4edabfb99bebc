import { SCOPES } from "@millrace/contracts";
import { createKeyStore, type KeyStore, migrate } from "@millrace/db";
import type { CliConfig } from "../config.ts";
import type { Terminal } from "../terminal.ts";
import { connectForCli, withDatabaseUrl } from "../with-database.ts";

function withKeys<T>(config: CliConfig, terminal: Terminal, use: (keys: KeyStore) => Promise<T>): Promise<T> {
  return withDatabaseUrl(config, terminal, async (url) => {
    await migrate(url);
    const db = connectForCli(url);
    try {
      return await use(createKeyStore(db));
    } finally {
      await db.close();
    }
  });
}

export interface NewKey {
  readonly name: string;
  readonly owner: string;
  readonly admin: boolean;
  readonly roles: readonly string[];
}

export function createKey(config: CliConfig, terminal: Terminal, wanted: NewKey): Promise<void> {
  return withKeys(config, terminal, async (keys) => {
    const owner = (await keys.findOwner(wanted.owner)) ?? (await keys.createOwner({ name: wanted.owner }));
    const { key } = await keys.createApiKey({
      ownerId: owner.id,
      name: wanted.name,
      scopes: SCOPES,
      isAdmin: wanted.admin,
      roles: wanted.roles,
    });
    terminal.say(key);
    terminal.warn("This is the only time the key is shown.");
  });
}

export function listKeys(config: CliConfig, terminal: Terminal, ownerName?: string): Promise<void> {
  return withKeys(config, terminal, async (keys) => {
    const owner = ownerName === undefined ? undefined : await keys.findOwner(ownerName);
    if (ownerName !== undefined && owner === undefined) throw new Error(`There is no owner ${ownerName}.`);
    for (const key of await keys.listApiKeys(owner?.id ?? null)) {
      const state = key.revokedAt === null ? "active" : "revoked";
      terminal.say(
        [
          key.id,
          key.prefix,
          state.padEnd(7),
          key.isAdmin ? "admin" : "     ",
          key.name,
          ...key.roles.map((role) => `@${role}`),
        ].join("  "),
      );
    }
  });
}

export function revokeKey(config: CliConfig, terminal: Terminal, id: string): Promise<void> {
  return withKeys(config, terminal, async (keys) => {
    if (!(await keys.revokeApiKey(id))) throw new Error(`There is no active key ${id}.`);
    terminal.say(`Revoked. It stops working within seconds.`);
  });
}
