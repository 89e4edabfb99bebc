import type { JobRow, JobStatus, Json, JsonObject } from "@millrace/core";
import { and, eq } from "drizzle-orm";
import { type ContentContext, readContentContext } from "./content-context.ts";
import type { Database } from "./database.ts";
import { isUuid } from "./is-uuid.ts";
import { contents, type QUALITY_TIERS } from "./schema/contents.ts";
import {
  type ContentText,
  type JobPayload,
  keepPayload,
  keepText,
  listPayloads,
  type PayloadRow,
  recordUsage,
  type UsageRecord,
} from "./statements/content-records.ts";
import {
  type ContentEntityRow,
  type EntityRow,
  findEntity,
  listEntitiesOf,
  listRelated,
  listTags,
  type SharedEntity,
  type TagRow,
} from "./statements/entities.ts";
import { findNewestJobOf } from "./statements/read-jobs.ts";
import { type ContentMatch, type ContentSearch, searchContents } from "./statements/search-content.ts";
import { countVersions, readUsage, type UsageFilter, type UsageRow, type VersionCount } from "./statements/usage.ts";

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

/** A content found by its words says where they stand. */
export type FoundContent = ContentRow & { readonly match?: ContentMatch };
export type RelatedContent = ContentRow & { readonly score: number; readonly shared: readonly SharedEntity[] };

export interface ContentStore {
  findContent(id: string, ownerId: string | null): Promise<ContentRow | undefined>;
  listContents(search: ContentSearch): Promise<FoundContent[]>;
  /** What the owner's earlier contents say, for the analysis of a new one. */
  contextFor(ownerId: string): Promise<ContentContext>;
  /** The newest job of a content, whatever became of it. */
  latestJobOf(contentId: string): Promise<JobRow | undefined>;
  listTags(filter: {
    readonly ownerId: string | null;
    readonly prefix: string;
    readonly limit: number;
  }): Promise<TagRow[]>;
  findEntity(id: string, ownerId: string | null): Promise<EntityRow | undefined>;
  /** What a content speaks of, surest first. */
  listEntitiesOf(contentId: string): Promise<ContentEntityRow[]>;
  /** Contents that speak of the same entities, nearest first. */
  listRelated(filter: { readonly contentId: string; readonly limit: number }): Promise<RelatedContent[]>;
  keepText(text: ContentText): Promise<void>;
  keepPayload(payload: JobPayload): Promise<void>;
  listPayloads(jobId: string): Promise<PayloadRow[]>;
  recordUsage(used: UsageRecord): Promise<void>;
  readUsage(filter: UsageFilter): Promise<UsageRow[]>;
  countVersions(ownerId: string | null): Promise<VersionCount[]>;
}

/** Contents and what is known of them. Their rows are written by submitting and by the trigger that copies their jobs. */
export function createContentStore({ query, build }: Database): ContentStore {
  return {
    async findContent(id, ownerId) {
      if (!isUuid(id)) return undefined;
      const isTheirs = ownerId === null ? undefined : eq(contents.ownerId, ownerId);
      const rows = await build((orm) =>
        orm
          .select()
          .from(contents)
          .where(and(eq(contents.id, id), isTheirs)),
      );
      return rows[0] as ContentRow | undefined;
    },
    listContents: (search) => searchContents<ContentRow>(query, search),
    contextFor: (ownerId) => readContentContext(query, ownerId),
    latestJobOf: async (contentId) => (isUuid(contentId) ? findNewestJobOf(query, contentId) : undefined),
    listTags: (filter) => listTags(query, filter),
    findEntity: async (id, ownerId) => (isUuid(id) ? findEntity(query, id, ownerId) : undefined),
    listEntitiesOf: async (contentId) => (isUuid(contentId) ? listEntitiesOf(query, contentId) : []),
    listRelated: async (filter) => (isUuid(filter.contentId) ? listRelated<ContentRow>(query, filter) : []),
    keepText: (text) => keepText(query, text),
    keepPayload: (payload) => keepPayload(query, payload),
    listPayloads: async (jobId) => (isUuid(jobId) ? listPayloads(query, jobId) : []),
    recordUsage: (used) => recordUsage(query, used),
    readUsage: (filter) => readUsage(query, filter),
    countVersions: (ownerId) => countVersions(query, ownerId),
  };
}
