export { classifyDue, classifyTicket, TICKET_DIFFERENCES, type TicketDifference } from "./classify-ticket.ts";
export { type Clock, systemClock } from "./clock.ts";
export {
  ERROR_CODES,
  type ErrorCode,
  MillraceError,
  type MillraceErrorOptions,
  QueueUnavailableError,
  type RetryAdvice,
  StoreUnavailableError,
} from "./errors.ts";
export {
  type ChannelShare,
  compareTurns,
  enterClass,
  type JobInLine,
  type LaneState,
  mostPicksBefore,
  nextJob,
  ORDINARY_CHANNEL,
  STANDARD_STEP,
  serveTurn,
  stepOf,
  type Turn,
  WEIGHTS,
} from "./fair-share.ts";
export { type Finding, refuseUnfit, type StartCheck } from "./fitness.ts";
export {
  GATE_EXPIRIES,
  type Gate,
  type GateDecision,
  type GateExpiry,
  type GatePolicy,
  type GateRefusal,
  type GateRequest,
  type GateVerdict,
  gateOf,
  judgeGate,
  refusalOf,
} from "./gate.ts";
export {
  ACTIVE_STATUSES,
  DATA_TIERS,
  type DataTier,
  isTerminal,
  JOB_STATUSES,
  type JobStatus,
  LANES,
  type Lane,
  PRIORITIES,
  type Priority,
  TERMINAL_STATUSES,
  type TerminalStatus,
  WAIT_REASONS,
  type WaitReason,
} from "./job.ts";
export type { Json, JsonObject, Schema } from "./json.ts";
export { JOB_EVENTS, type JobActor, type JobEvent, jobLifecycle } from "./lifecycle/job-lifecycle.ts";
export { type Lifecycle, nextState, type Transition } from "./lifecycle/lifecycle.ts";
export { type Log, silentLog } from "./log.ts";
export { notionId } from "./notion-id.ts";
export {
  definePipeline,
  type Pipeline,
  type StageContext,
  type StageFunction,
  type StageFunctions,
  type StageJob,
} from "./pipeline/define-pipeline.ts";
export { done, type Outcome, reject, type StageWarning, waitForReview, waitUntil } from "./pipeline/outcome.ts";
export {
  type AnyStages,
  firstPlace,
  type OutputOf,
  type OutputsOf,
  type PipelineSpec,
  placeAfter,
  placeOf,
  type StageOutputs,
  type StagePlace,
  type StageSpec,
} from "./pipeline/pipeline-spec.ts";
export { type Registry, registryOf, type SpecRegistry, specRegistryOf } from "./pipeline/registry.ts";
export type { BlobHead, Blobs, ByteRange } from "./ports/blobs.ts";
export type * from "./ports/delivery-store.ts";
export { CALLBACK_PAYLOADS } from "./ports/delivery-store.ts";
export type * from "./ports/job-store.ts";
export { stageName } from "./ports/job-store.ts";
export type { PermitAnswer, PermitStore, Permits, QuotaStore } from "./ports/quota-store.ts";
export type { Spool, SpooledResult } from "./ports/spool.ts";
export type {
  ConsumerState,
  LaneConsumer,
  LaneCounts,
  LaneLimits,
  ListedTicket,
  RateLimit,
  ReceivedTicket,
  TicketAnswer,
  TicketQueue,
  TicketState,
} from "./ports/ticket-queue.ts";
export { ANY_POOL, type Claim, hasRoom, type QuotaNeed, type QuotaState, quotaKey } from "./quota.ts";
export { classifyUrl, identifyUrl, URL_CLASSES, type UrlClass, type UrlIdentity } from "./resource-key/classify-url.ts";
export { NORMALIZATION_VERSION, type NormalizeOptions, normalizeUrl, TRACKING_PARAMETERS } from "./resource-key/normalize-url.ts";
export { parseHttpUrl } from "./resource-key/parse-http-url.ts";
export { resourceKeyOfContent, resourceKeyOfUrl, resourceKeyOfVideo, type Sha256, type UrlKeyOptions } from "./resource-key/resource-key.ts";
export { isYoutubeVideoId, youtubeVideoId } from "./resource-key/youtube-video-id.ts";
export { delayBeforeAttempt, NO_RETRY, type RetryPolicy } from "./retry-policy.ts";
export { judgeSecrets, type SecretSettings } from "./secret-strength.ts";
export { jobErrorOf, type SettleInput, settleError, settleOutcome } from "./settle.ts";
export {
  advance,
  cancelled,
  complete,
  fail,
  handOver,
  interrupt,
  type JobError,
  parkForQuota,
  parkForReview,
  parkUntil,
  retryLater,
  type Settlement,
  type StageAhead,
  type StageResult,
  waitForTurn,
} from "./settlement.ts";
export { addressOfTicket, type Ticket, ticketId } from "./ticket.ts";
export {
  BLOCKERS,
  type Blocker,
  type BlockerCode,
  type QuotaFacts,
  type WaitFacts,
  type WaitReport,
  whyWaiting,
} from "./why-waiting.ts";
