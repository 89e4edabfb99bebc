import { openApiDocument, routes } from "@millrace/contracts";
import type { Blobs, Clock, JobStore, Log, SpecRegistry, TicketQueue } from "@millrace/core";
import type { Cancel, Submit } from "@millrace/engine";
import { createTaskActions } from "@millrace/pipelines";
import express, { type Express } from "express";
import { createAuthenticate } from "./auth/authenticate.ts";
import { bearerVerifier } from "./auth/bearer-verifier.ts";
import type { Principal, Verifier } from "./auth/principal.ts";
import { docsPage } from "./docs-page.ts";
import { callbackEndpoints } from "./endpoints/callback-endpoints.ts";
import { cancelJob } from "./endpoints/cancel-job.ts";
import { listDeliveries, listJobDeliveries, redeliver, redeliverExhausted } from "./endpoints/deliveries.ts";
import { explainJob } from "./endpoints/explain-job.ts";
import { extractionEndpoints } from "./endpoints/extraction/extraction-endpoints.ts";
import { type Build, health, ready } from "./endpoints/health.ts";
import { ingestUrl, ingestYoutube } from "./endpoints/ingest.ts";
import type { EndpointNeeds } from "./endpoints/needs.ts";
import { notionWebhook } from "./endpoints/notion-webhook.ts";
import { quotaEndpoints } from "./endpoints/quotas.ts";
import { readDrift, readUsage } from "./endpoints/read-accounts.ts";
import { downloadContent, listContent, readContent } from "./endpoints/read-content.ts";
import { listContentEntities, listRelatedContent, listTags, readEntity } from "./endpoints/read-entities.ts";
import { listJobs, readJob } from "./endpoints/read-jobs.ts";
import { reprocessContent } from "./endpoints/reprocess-content.ts";
import { reviewEndpoints } from "./endpoints/reviews.ts";
import { submitJob } from "./endpoints/submit-job.ts";
import { uploadContent } from "./endpoints/upload-content.ts";
import { videoEndpoints } from "./endpoints/video/video-endpoints.ts";
import { answerErrors, answerUnknown } from "./http/answer-errors.ts";
import type { Endpoints } from "./http/endpoint.ts";
import { HTTP_STATUS } from "./http/http-status.ts";
import { logRequests } from "./http/log-requests.ts";
import { mountRoutes } from "./http/mount-routes.ts";
import { rateLimitByKey } from "./http/rate-limit.ts";
import { assignRequestId } from "./http/request-id.ts";
import { securityHeaders } from "./http/security-headers.ts";
import { libraryPage } from "./library-page.ts";
import { reviewPage } from "./review-page.ts";
import { createBlobGuard } from "./upload/blob-guard.ts";

export interface ApiLimits extends Readonly<EndpointNeeds["limits"]> {
  readonly maxJsonBytes: number;
  /** Per key; 0 is without limit. */
  readonly requestsPerMinute: number;
}

export interface ApiNeeds {
  readonly store: JobStore;
  readonly callbacks: EndpointNeeds["callbacks"];
  readonly contents: EndpointNeeds["contents"];
  readonly extractions: EndpointNeeds["extractions"];
  readonly video: Omit<EndpointNeeds["video"], "actions">;
  readonly notion: EndpointNeeds["notion"];
  readonly channels: EndpointNeeds["channels"];
  readonly quotas: EndpointNeeds["quotas"];
  readonly permits: EndpointNeeds["permits"];
  readonly reviews: EndpointNeeds["reviews"];
  readonly findPrincipal: (apiKey: string) => Promise<Principal | null>;
  /** Ways to prove who is asking beside API keys. */
  readonly otherVerifiers?: readonly Verifier[];
  readonly audit: EndpointNeeds["audit"];
  readonly queue: TicketQueue;
  readonly submit: Submit;
  readonly cancel: Cancel;
  readonly specs: SpecRegistry;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
  readonly build: Build;
  readonly limits: ApiLimits;
  /** How long after a lost reply a statement may still take effect. */
  readonly settleMs?: number;
}

export interface Api {
  readonly app: Express;
  /** From now on /ready answers 503 and connections are not kept. */
  startStopping(): void;
  close(): void;
}

/** How often the fate of a blob whose request ended in doubt is asked for. */
const BLOB_CHECKS = 20;
const DEFAULT_SETTLE_MS = 15_000;

export function createApi(given: ApiNeeds): Api {
  const { limits, log, settleMs = DEFAULT_SETTLE_MS } = given;
  let isStopping = false;
  const guard = createBlobGuard({ ...given, settleMs, attempts: BLOB_CHECKS });
  const app = express();
  app.disable("x-powered-by").disable("etag").set("query parser", "simple");
  app.use(assignRequestId, logRequests(log), securityHeaders);
  app.use((_request, response, next) => {
    if (isStopping) response.setHeader("connection", "close");
    next();
  });
  mountRoutes(app, {
    endpoints: endpointsOf({ ...given, guard, video: actingOnTasks(given) }, given.build, () => isStopping),
    authenticate: createAuthenticate([bearerVerifier(given), ...(given.otherVerifiers ?? [])]),
    rateLimit: limits.requestsPerMinute === 0 ? null : rateLimitByKey(limits.requestsPerMinute),
    maxJsonBytes: limits.maxJsonBytes,
    // a text may take twice its bytes when written as JSON
    maxLargeJsonBytes: 2 * limits.maxTranscriptBytes + limits.maxJsonBytes,
  });
  app.use("/docs", docsPage());
  app.use("/review", reviewPage(given));
  app.use("/library", libraryPage({ library: given.video.library, blobs: given.blobs }));
  app.use(answerUnknown);
  app.use(answerErrors(log));
  return {
    app,
    startStopping: () => {
      isStopping = true;
    },
    close: () => guard.close(),
  };
}

function actingOnTasks({ video, store, submit, cancel }: ApiNeeds): EndpointNeeds["video"] {
  const { tasks, work: units } = video;
  return { ...video, actions: createTaskActions({ tasks, units, jobs: store, submit, cancel }) };
}

function endpointsOf(needs: EndpointNeeds, build: Build, isStopping: () => boolean): Endpoints {
  const document = openApiDocument({ routes, version: build.appVersion, httpStatus: HTTP_STATUS });
  const alive = health(build);
  const readiness = ready(needs, isStopping);
  return {
    uploadContent: uploadContent(needs),
    ingestYoutube: ingestYoutube(needs),
    ingestUrl: ingestUrl(needs),
    listContent: listContent(needs),
    readContent: readContent(needs),
    listContentEntities: listContentEntities(needs),
    listRelatedContent: listRelatedContent(needs),
    downloadContent: downloadContent(needs),
    reprocessContent: reprocessContent(needs),
    submitJob: submitJob(needs),
    listJobs: listJobs(needs),
    readDrift: readDrift(needs),
    readJob: readJob(needs),
    explainJob: explainJob(needs),
    cancelJob: cancelJob(needs),
    ...reviewEndpoints(needs),
    ...callbackEndpoints(needs),
    ...extractionEndpoints(needs),
    receiveNotionEvent: notionWebhook(needs),
    ...videoEndpoints(needs),
    ...quotaEndpoints(needs),
    listDeliveries: listDeliveries(needs),
    listJobDeliveries: listJobDeliveries(needs),
    redeliver: redeliver(needs),
    redeliverExhausted: redeliverExhausted(needs),
    listTags: listTags(needs),
    readEntity: readEntity(needs),
    readUsage: readUsage(needs),
    health: alive,
    healthV1: alive,
    ready: readiness,
    readyV1: readiness,
    openapi: async () => ({ status: 200, body: { ...document } }),
  };
}
