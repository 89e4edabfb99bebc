import { sql } from "drizzle-orm";
import {
  check,
  foreignKey,
  index,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { anyOf, instant } from "./column-kinds.ts";
import { contents } from "./contents.ts";
import { owners } from "./owners.ts";

/** A2.4. */
export const ENTITY_TYPES = ["topic", "repo", "paper", "tool", "person"] as const;
export const EDGE_TYPES = ["discusses", "mentions", "cites", "uses", "demonstrates"] as const;
export const ENTITY_SOURCES = ["ai_extracted", "url_detected", "user_created", "api_fetched"] as const;

/** What an owner's contents speak of. A topic's `hierarchy` goes from general to special and ends in its name. */
export const entities = pgTable(
  "entities",
  {
    id: uuid().notNull(),
    ownerId: uuid().notNull(),
    entityType: text({ enum: ENTITY_TYPES }).notNull(),
    name: text().notNull(),
    /** Lower case; of a topic the whole hierarchy. */
    normalizedName: text().notNull(),
    hierarchy: text().array().notNull().default(sql`'{}'`),
    metadata: jsonb().notNull().default({}),
    createdAt: instant().notNull().default(sql`now()`),
    updatedAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_entities", columns: [t.id] }),
    foreignKey({ name: "fk_entities_owner_id", columns: [t.ownerId], foreignColumns: [owners.id] }),
    uniqueIndex("uq_entities_owner_id_entity_type_normalized_name").on(t.ownerId, t.entityType, t.normalizedName),
    check("ck_entities_entity_type", sql`${t.entityType} in ${anyOf(ENTITY_TYPES)}`),
  ],
);

/** Which content speaks of which entity, and how. What the pipeline found is replaced by each completed run. */
export const contentEntities = pgTable(
  "content_entities",
  {
    contentId: uuid().notNull(),
    entityId: uuid().notNull(),
    edgeType: text({ enum: EDGE_TYPES }).notNull(),
    /** In hundredths. */
    confidence: smallint().notNull(),
    source: text({ enum: ENTITY_SOURCES }).notNull(),
    createdAt: instant().notNull().default(sql`now()`),
  },
  (t) => [
    primaryKey({ name: "pk_content_entities", columns: [t.contentId, t.entityId] }),
    foreignKey({
      name: "fk_content_entities_content_id",
      columns: [t.contentId],
      foreignColumns: [contents.id],
    }).onDelete("cascade"),
    foreignKey({
      name: "fk_content_entities_entity_id",
      columns: [t.entityId],
      foreignColumns: [entities.id],
    }).onDelete("cascade"),
    index("ix_content_entities_entity_id_content_id").on(t.entityId, t.contentId),
    check("ck_content_entities_edge_type", sql`${t.edgeType} in ${anyOf(EDGE_TYPES)}`),
    check("ck_content_entities_source", sql`${t.source} in ${anyOf(ENTITY_SOURCES)}`),
    check("ck_content_entities_confidence", sql`${t.confidence} between 0 and 100`),
  ],
);
