import { sql } from "drizzle-orm";
import { foreignKey, pgTable, primaryKey, text, uuid, varchar } from "drizzle-orm/pg-core";
import { channels } from "./channels.ts";
import { instant } from "./column-kinds.ts";

/** A channel's accounts, sealed: nothing in here can be read without the key. */
export const channelCredentials = pgTable(
  "channel_credentials",
  {
    channelId: uuid().notNull(),
    /** Such as `youtube_refresh_token`. */
    name: varchar({ length: 50 }).notNull(),
    sealed: text().notNull(),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_channel_credentials", columns: [t.channelId, t.name] }),
    foreignKey({
      name: "fk_channel_credentials_channel_id",
      columns: [t.channelId],
      foreignColumns: [channels.id],
    }).onDelete("cascade"),
  ],
);
