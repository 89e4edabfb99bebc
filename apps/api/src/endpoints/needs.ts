import type { TestSent } from "@millrace/callbacks";
import type { Blobs, Clock, JobStore, Log, SpecRegistry, TicketQueue } from "@millrace/core";
import type {
  CallbackStore,
  ChannelStore,
  ContentStore,
  ExtractionStore,
  KeyStore,
  PermitRecords,
  QuotaRecords,
  ReviewStore,
} from "@millrace/db";
import type { Cancel, Submit } from "@millrace/engine";
import type { BlobGuard } from "../upload/blob-guard.ts";
import type { NotionWebhookSettings } from "./notion-webhook.ts";
import type { VideoNeeds } from "./video/video-needs.ts";

export interface CallbackNeeds {
  readonly store: CallbackStore;
  readonly newSecret: () => string;
  /** Whether a connection to this address would be made; names are judged when they are looked up. */
  readonly isAddressAllowed: (address: string) => boolean;
  readonly sendTest: (signing: { readonly url: string; readonly secrets: readonly string[] }) => Promise<TestSent>;
}

/** What the endpoints ask. */
export interface EndpointNeeds {
  readonly store: JobStore;
  readonly callbacks: CallbackNeeds;
  readonly contents: Pick<
    ContentStore,
    | "findContent"
    | "listContents"
    | "latestJobOf"
    | "listTags"
    | "findEntity"
    | "listEntitiesOf"
    | "listRelated"
    | "listPayloads"
    | "readUsage"
    | "countVersions"
  >;
  readonly channels: Pick<ChannelStore, "findPlace">;
  readonly quotas: Pick<QuotaRecords, "listQuotas" | "findQuota" | "changeQuota">;
  readonly permits: Pick<PermitRecords, "listPermits" | "changePermits">;
  readonly reviews: ReviewStore;
  readonly extractions: ExtractionStore;
  readonly video: VideoNeeds;
  readonly notion: NotionWebhookSettings;
  readonly queue: TicketQueue;
  readonly submit: Submit;
  readonly cancel: Cancel;
  readonly specs: SpecRegistry;
  readonly blobs: Blobs;
  readonly guard: BlobGuard;
  readonly audit: KeyStore["recordAudit"];
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
  readonly limits: {
    readonly maxUploadBytes: number;
    readonly maxTranscriptBytes: number;
    /** Of one file to be extracted. */
    readonly maxExtractionBytes: number;
    /** Files that one call names or brings. */
    readonly maxBulkCallFiles: number;
    /** Lines of a manifest. */
    readonly maxBulkFiles: number;
  };
}
