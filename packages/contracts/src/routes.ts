import { z } from "zod";
import { usageQuery, usageReport, versionDrift } from "./account-contracts.ts";
import { callbackRoutes } from "./callback-routes.ts";
import {
  contentDetail,
  contentEntities,
  contentListQuery,
  contentPage,
  entityDetail,
  ingestAccepted,
  ingestCompleted,
  ingestQuery,
  relatedContents,
  relatedQuery,
  reprocessAccepted,
  reprocessQuery,
  reprocessUnneeded,
  tagList,
  tagListQuery,
  uploadAccepted,
  uploadFields,
  urlIngest,
  youtubeIngest,
} from "./content-contracts.ts";
import { extractionRoutes } from "./extraction-routes.ts";
import { health, readiness } from "./health-contracts.ts";
import {
  cancelAnswer,
  cancelRequest,
  jobAccepted,
  jobListQuery,
  jobMinimal,
  jobPage,
  jobQuery,
  jobSubmission,
  jobVerbose,
  jobWhy,
} from "./job-contracts.ts";
import { notionRoutes } from "./notion-contracts.ts";
import { quotaRoutes } from "./quota-contracts.ts";
import { reviewRoutes } from "./review-contracts.ts";
import type { Route } from "./route.ts";
import { videoRoutes } from "./video-routes.ts";

const route = <const R extends Route>(value: R): R => value;

const contentId = z.object({ id: z.uuid().meta({ description: "The content's id" }) });
const entityId = z.object({ id: z.uuid().meta({ description: "The entity's id" }) });
const jobId = z.object({ id: z.uuid().meta({ description: "The job's id" }) });

const alreadyCompleted = { description: "Finished before; nothing was started", schema: ingestCompleted };

const openRoute = <R extends Pick<Route, "summary" | "responses">>(path: string, about: R) =>
  route({ method: "get", path, tag: "system", scope: null, problems: [], ...about });

const healthAnswer = {
  summary: "Is the process alive, and which version is it",
  responses: { 200: { description: "Alive", schema: health } },
} as const;

const readinessAnswer = {
  summary: "Can it accept work",
  responses: {
    200: { description: "Accepts work; `degraded` when Redis or the blob store does not answer", schema: readiness },
    503: { description: "Accepts nothing now", schema: readiness },
  },
} as const;

/**
 * Every route of the API. The server mounts exactly these and the document lists exactly these. In the order they are
 * matched, so the busiest comes first.
 */
export const routes = {
  submitJob: route({
    method: "post",
    path: "/api/v1/jobs",
    summary: "Submit a job of any registered pipeline",
    description: "Content has routes of its own: /content, /youtube/ingest and /ingest.",
    tag: "jobs",
    scope: "jobs:write",
    body: { kind: "json", schema: jobSubmission },
    isIdempotent: true,
    responses: { 202: { description: "Accepted", schema: jobAccepted } },
    problems: ["URL_REFUSED"],
  }),
  listJobs: route({
    method: "get",
    path: "/api/v1/jobs",
    summary: "The owner's jobs, newest first",
    tag: "jobs",
    scope: "jobs:read",
    query: jobListQuery,
    responses: { 200: { description: "A page", schema: jobPage } },
    problems: [],
  }),
  readDrift: route({
    method: "get",
    path: "/api/v1/jobs/drift",
    summary: "Which contents an older version of the pipeline processed",
    tag: "jobs",
    scope: "jobs:read",
    responses: { 200: { description: "The versions", schema: versionDrift } },
    problems: [],
  }),
  readJob: route({
    method: "get",
    path: "/api/v1/jobs/{id}",
    summary: "One job; `verbose` adds stages, history and deliveries",
    tag: "jobs",
    scope: "jobs:read",
    params: jobId,
    query: jobQuery,
    responses: { 200: { description: "The job", schema: z.union([jobVerbose, jobMinimal]) } },
    problems: [],
  }),
  explainJob: route({
    method: "get",
    path: "/api/v1/jobs/{id}/why",
    summary: "Why a job is not running",
    description:
      "What is in its way, in the order in which it has to go away, with numbers; its place in line; when its turn may come.",
    tag: "jobs",
    scope: "jobs:read",
    params: jobId,
    responses: { 200: { description: "The reasons", schema: jobWhy } },
    problems: [],
  }),
  cancelJob: route({
    method: "post",
    path: "/api/v1/jobs/{id}/cancel",
    summary: "Cancel a job",
    tag: "jobs",
    scope: "jobs:write",
    params: jobId,
    body: { kind: "json", schema: cancelRequest, isOptional: true },
    responses: {
      200: { description: "Cancelled, or over already", schema: cancelAnswer },
      202: { description: "Ends at the next boundary between stages", schema: cancelAnswer },
    },
    problems: [],
  }),
  ...reviewRoutes,
  uploadContent: route({
    method: "post",
    path: "/api/v1/content",
    summary: "Upload a markdown, text or PDF file",
    tag: "content",
    scope: "content:write",
    body: { kind: "multipart", fields: uploadFields },
    isIdempotent: true,
    responses: { 202: { description: "Accepted", schema: uploadAccepted } },
    problems: ["URL_REFUSED", "BLOB_STORE_FAILED"],
  }),
  ingestYoutube: route({
    method: "post",
    path: "/api/v1/youtube/ingest",
    summary: "Ingest a YouTube video",
    tag: "content",
    scope: "content:write",
    query: ingestQuery,
    body: { kind: "json", schema: youtubeIngest, isLarge: true },
    isIdempotent: true,
    responses: { 200: alreadyCompleted, 202: { description: "Accepted", schema: ingestAccepted } },
    problems: ["URL_REFUSED", "BLOB_STORE_FAILED"],
  }),
  ingestUrl: route({
    method: "post",
    path: "/api/v1/ingest",
    summary: "Ingest any URL",
    description: "YouTube addresses go the way of /youtube/ingest.",
    tag: "content",
    scope: "content:write",
    query: ingestQuery,
    body: { kind: "json", schema: urlIngest, isLarge: true },
    isIdempotent: true,
    responses: { 200: alreadyCompleted, 202: { description: "Accepted", schema: ingestAccepted } },
    problems: ["URL_REFUSED", "BLOB_STORE_FAILED"],
  }),
  listContent: route({
    method: "get",
    path: "/api/v1/content",
    summary: "The owner's contents, newest first; with `q` the best match first",
    tag: "content",
    scope: "content:read",
    query: contentListQuery,
    responses: { 200: { description: "A page", schema: contentPage } },
    problems: [],
  }),
  readContent: route({
    method: "get",
    path: "/api/v1/content/{id}",
    summary: "One content with what the analysis says of it",
    tag: "content",
    scope: "content:read",
    params: contentId,
    responses: { 200: { description: "The content", schema: contentDetail } },
    problems: [],
  }),
  listContentEntities: route({
    method: "get",
    path: "/api/v1/content/{id}/entities",
    summary: "What a content speaks of, surest first",
    tag: "content",
    scope: "content:read",
    params: contentId,
    responses: { 200: { description: "Its entities", schema: contentEntities } },
    problems: [],
  }),
  listRelatedContent: route({
    method: "get",
    path: "/api/v1/content/{id}/related",
    summary: "Contents that speak of the same entities, nearest first",
    tag: "content",
    scope: "content:read",
    params: contentId,
    query: relatedQuery,
    responses: { 200: { description: "The nearest", schema: relatedContents } },
    problems: [],
  }),
  downloadContent: route({
    method: "get",
    path: "/api/v1/content/{id}/download",
    summary: "The stored file",
    tag: "content",
    scope: "content:read",
    params: contentId,
    responses: {
      200: { description: "The bytes, as an attachment", schema: null, mediaType: "application/octet-stream" },
    },
    problems: ["BLOB_MISSING", "BLOB_STORE_FAILED"],
  }),
  reprocessContent: route({
    method: "post",
    path: "/api/v1/content/{id}/reprocess",
    summary: "Run the pipeline again on what is stored",
    tag: "content",
    scope: "content:write",
    params: contentId,
    query: reprocessQuery,
    responses: {
      200: { description: "Already active, or already completed and not forced", schema: reprocessUnneeded },
      202: { description: "Accepted", schema: reprocessAccepted },
    },
    problems: ["CONFLICT"],
  }),
  listTags: route({
    method: "get",
    path: "/api/v1/tags",
    summary: "The tags of the owner's contents, most used first",
    tag: "content",
    scope: "content:read",
    query: tagListQuery,
    responses: { 200: { description: "The tags", schema: tagList } },
    problems: [],
  }),
  readEntity: route({
    method: "get",
    path: "/api/v1/entities/{id}",
    summary: "One entity",
    tag: "content",
    scope: "content:read",
    params: entityId,
    responses: { 200: { description: "The entity", schema: entityDetail } },
    problems: [],
  }),
  readUsage: route({
    method: "get",
    path: "/api/v1/usage",
    summary: "What language models used, by provider and model",
    tag: "system",
    scope: "jobs:read",
    query: usageQuery,
    responses: { 200: { description: "Tokens, calls and cost", schema: usageReport } },
    problems: [],
  }),
  ...callbackRoutes,
  ...extractionRoutes,
  ...notionRoutes,
  ...videoRoutes,
  ...quotaRoutes,
  health: openRoute("/health", healthAnswer),
  healthV1: openRoute("/api/v1/health", healthAnswer),
  ready: openRoute("/ready", readinessAnswer),
  readyV1: openRoute("/api/v1/ready", readinessAnswer),
  openapi: openRoute("/openapi.json", {
    summary: "This document",
    responses: { 200: { description: "OpenAPI 3.1", schema: z.looseObject({ openapi: z.string() }) } },
  }),
} as const;

export type Routes = typeof routes;
export type RouteId = keyof Routes;
