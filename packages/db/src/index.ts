export { type AlertBatch, type AlertRow, type AlertStore, createAlertStore, type NewAlert } from "./alert-store.ts";
export { type CallbackStore, createCallbackStore } from "./callback-store.ts";
export { type ChannelChange, type ChannelRow, type ChannelStore, createChannelStore } from "./channel-store.ts";
export { checkDatabase } from "./check-database.ts";
export { checkWork } from "./check-work.ts";
export type { ContentContext } from "./content-context.ts";
export {
  type ContentRow,
  type ContentStore,
  createContentStore,
  type FoundContent,
  type RelatedContent,
} from "./content-store.ts";
export { connectDatabase, type Database, type DatabaseOptions } from "./database.ts";
export { createDeliveryStore } from "./delivery-store.ts";
export { ExtractionModel, formatOf, optionsOf, resultOf, statusOf } from "./extraction-model.ts";
export { createExtractionStore, type ExtractionStore } from "./extraction-store.ts";
export { createJobStore, type JobStoreOptions } from "./job-store.ts";
export { type ApiKey, type AuditEvent, createKeyStore, type KeyStore, type NewApiKey, type Owner } from "./key-store.ts";
export { createLibraryStore, type LibraryStore } from "./library-store.ts";
export { migrate, revertCutover, revertExtraction, revertVideo } from "./migrate.ts";
export { newId } from "./new-id.ts";
export { type Purged, type PurgeOptions, purge } from "./purge.ts";
export { createPermitStore, createQuotaStore, type PermitRecords, type QuotaRecords } from "./quota-store.ts";
export { createReviewStore, type ReviewLink, type ReviewStore } from "./review-store.ts";
export type { AlertFacts } from "./statements/alert-facts.ts";
export type { CallbackEndpoint } from "./statements/callback-endpoints.ts";
export type { CallbackAttempt, CallbackDelivery } from "./statements/callback-log.ts";
export type { EntityRow } from "./statements/entities.ts";
export type { BulkCounts, BulkRow } from "./statements/extraction-bulks.ts";
export type { ExtractionAttempt, ExtractionFilter, ExtractionRow } from "./statements/extraction-rows.ts";
export type { CleanedUp, Cleanup, ExtractionStats, StuckExtraction } from "./statements/extraction-upkeep.ts";
export type { PermitRow } from "./statements/permits.ts";
export type { PlaceInLine } from "./statements/place-in-line.ts";
export type { PoolName, QuotaChange, QuotaRow } from "./statements/quotas.ts";
export type { RecordRow } from "./statements/records.ts";
export type { RunPlan } from "./statements/task-plan.ts";
export type { UsageRow } from "./statements/usage.ts";
export type {
  ChannelDraft,
  CostRow,
  CostSum,
  NewTask,
  TaskChange,
  TaskErrorRow,
  TaskFilter,
  TaskRow,
  TaskRunRow,
  TaskStatusName,
  TransitionRow,
  VideoChannel,
} from "./task-model.ts";
export { createTaskStore, type TaskStore } from "./task-store.ts";
export { createTaskWork, type TaskWork } from "./task-work.ts";
export { readTypicalTimes } from "./typical-times.ts";
export { createWorkspaceStore, type FinishedWorkspace, type WorkspaceStore } from "./workspace-store.ts";
