import type { JobRow, JobStatus, Json, JsonObject } from "@millrace/core";
import { and, desc, eq, type SQL, sql } from "drizzle-orm";
import { arrayLiteral } from "./array-literal.ts";
import { type ContentContext, readContentContext } from "./content-context.ts";
import type { Database } from "./database.ts";
import { isUuid } from "./is-uuid.ts";
import { contents, type QUALITY_TIERS } from "./schema/contents.ts";
import { findNewestJobOf } from "./statements/read-jobs.ts";

/** A content as readers see it. */
export interface ContentRow {
  readonly id: string;
  readonly ownerId: string;
  readonly resourceKey: string;
  readonly contentType: string;
  readonly title: string | null;
  readonly sourceUrl: string | null;
  readonly filePath: string | null;
  readonly fileName: string | null;
  readonly fileSize: number | null;
  readonly tags: readonly string[];
  readonly metadata: JsonObject;
  readonly unifiedResult: Json | null;
  readonly qualityTier: (typeof QUALITY_TIERS)[number] | null;
  readonly qualityScore: number | null;
  readonly summary: string | null;
  readonly pipelineTags: readonly string[];
  readonly processingStatus: JobStatus;
  readonly processedAt: Date | null;
  readonly pipelineVersion: string | null;
  readonly author: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface ContentFilter {
  /** null: any owner (admin). */
  readonly ownerId: string | null;
  readonly status?: JobStatus | undefined;
  readonly contentType?: string | undefined;
  /** All must be there, given by people or by the analysis. */
  readonly tags?: readonly string[] | undefined;
  readonly limit: number;
  /** Keyset: rows after this one in (created_at desc, id desc). */
  readonly after?: { readonly createdAt: Date; readonly id: string } | undefined;
}

export interface ContentStore {
  findContent(id: string, ownerId: string | null): Promise<ContentRow | undefined>;
  listContents(filter: ContentFilter): Promise<ContentRow[]>;
  /** What the owner's earlier contents say, for the analysis of a new one. */
  contextFor(ownerId: string): Promise<ContentContext>;
  /** The newest job of a content, whatever became of it. */
  latestJobOf(contentId: string): Promise<JobRow | undefined>;
}

/** Reads of contents; they are written by submitting and by the trigger that copies their jobs. */
export function createContentStore(db: Database): ContentStore {
  return {
    async findContent(id, ownerId) {
      if (!isUuid(id)) return undefined;
      const isTheirs = ownerId === null ? undefined : eq(contents.ownerId, ownerId);
      const rows = await db.build((orm) =>
        orm
          .select()
          .from(contents)
          .where(and(eq(contents.id, id), isTheirs)),
      );
      return rows[0] as ContentRow | undefined;
    },

    async listContents(filter) {
      const rows = await db.build((orm) =>
        orm
          .select()
          .from(contents)
          .where(and(...conditionsOf(filter)))
          .orderBy(desc(contents.createdAt), desc(contents.id))
          .limit(filter.limit),
      );
      return rows as ContentRow[];
    },

    contextFor: (ownerId) => readContentContext(db.query, ownerId),
    latestJobOf: async (contentId) => (isUuid(contentId) ? findNewestJobOf(db.query, contentId) : undefined),
  };
}

function conditionsOf({ ownerId, status, contentType, tags = [], after }: ContentFilter): SQL[] {
  const conditions: SQL[] = [];
  if (ownerId !== null) conditions.push(eq(contents.ownerId, ownerId));
  if (status !== undefined) conditions.push(eq(contents.processingStatus, status));
  if (contentType !== undefined) conditions.push(eq(contents.contentType, contentType));
  if (tags.length > 0) {
    conditions.push(sql`(${contents.tags} || ${contents.pipelineTags}) @> ${arrayLiteral(tags)}::text[]`);
  }
  if (after !== undefined) {
    const at = sql`(${after.createdAt.toISOString()}::timestamptz, ${after.id}::uuid)`;
    conditions.push(sql`(${contents.createdAt}, ${contents.id}) < ${at}`);
  }
  return conditions;
}
