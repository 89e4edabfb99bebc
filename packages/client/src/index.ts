export { ApiError } from "./api-error.ts";
export { type Client, createClient, type Job, type JobDetails, type JobList, type Submission } from "./create-client.ts";
export type {
  Bulk,
  BulkDetails,
  BulkPageQuery,
  BulkRequest,
  Extraction,
  ExtractionClient,
  ExtractionList,
  ExtractionRequest,
  ExtractionStarted,
  NamedFile,
  UploadDetails,
} from "./extraction-client.ts";
export type { ClientOptions } from "./send-request.ts";
export { openSigningKey, type RequestToSign, type SigningKey, signRequest } from "./sign-request.ts";
export { type Callback, type CallbackHeaders, CallbackRefused, type RefusalReason, type VerifyOptions, verifyCallback } from "./verify-callback.ts";
export type { CostQuery, LibraryVideo, Task, TaskChange, TaskDraft, TaskGate, TaskList, TaskReview, VideoChannel, VideoClient } from "./video-client.ts";
export type { WaitOptions } from "./wait-until-over.ts";
