import { join } from "node:path";
import { SCOPES } from "@millrace/contracts";
import { createKeyStore } from "@millrace/db";
import { readIfThere, writePrivately } from "@millrace/embedded";
import { connectForCli } from "../with-database.ts";

/** In the data folder, readable by its owner only. */
export const KEY_FILE = "api-key";

const OWNER = "local";

/** The key a newcomer uses: made with its owner on the first start, the same one ever after. */
export async function ensureLocalKey(databaseUrl: string, dataDir: string): Promise<string> {
  const file = join(dataDir, KEY_FILE);
  const kept = (await readIfThere(file))?.trim();
  const db = connectForCli(databaseUrl);
  try {
    const keys = createKeyStore(db);
    // Another DATABASE_URL, or an emptied one, does not know the key of this folder; an older Millrace knew fewer scopes.
    const known = kept ? await keys.findApiKey(kept) : undefined;
    const isWhole = known?.scopes.length === 0 || SCOPES.every((scope) => known?.scopes.includes(scope));
    if (kept && known !== undefined && isWhole) return kept;
    const owner = (await keys.findOwner(OWNER)) ?? (await keys.createOwner({ name: OWNER }));
    const { key } = await keys.createApiKey({ ownerId: owner.id, name: "ready-made", scopes: SCOPES });
    await writePrivately(file, `${key}\n`);
    return key;
  } finally {
    await db.close();
  }
}
