import { z } from "zod";
import type { Route } from "./route.ts";
import {
  channelFields,
  credential,
  libraryPage,
  libraryQuery,
  libraryVideo,
  videoChannel,
  videoChannels,
} from "./video-channels.ts";
import {
  costQuery,
  costReport,
  fileLink,
  fileLinkRequest,
  taskCosts,
  taskErrors,
  taskRuns,
  taskTransitions,
  taskUnits,
} from "./video-history.ts";
import {
  bulkQueue,
  bulkQueued,
  bulkReview,
  bulkReviewed,
  channelRef,
  TASK_GATES,
  task,
  taskCancelled,
  taskCountQuery,
  taskCounts,
  taskCreate,
  taskListQuery,
  taskPage,
  taskQueued,
  taskReason,
  taskRetry,
  taskReview,
  taskReviewed,
  taskUpdate,
  VIDEO_STEPS,
} from "./video-tasks.ts";

const route = <const R extends Route>(value: R): R => value;

const taskId = z.object({ id: z.uuid().meta({ description: "The task's id" }) });
const taskGate = taskId.extend({ gate: z.enum(TASK_GATES).meta({ description: "The gate's name" }) });
const namePart = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/);
const taskUnit = taskId.extend({
  step: z.enum(VIDEO_STEPS).meta({ description: "The step" }),
  unit: namePart.meta({ description: "The unit's name, or the last part of it" }),
});
const unitInFolder = taskId.extend({
  step: z.enum(VIDEO_STEPS).meta({ description: "The step" }),
  folder: namePart.meta({ description: "The first part of the unit's name" }),
  unit: namePart.meta({ description: "The last part of the unit's name" }),
});
const channelId = z.object({ channel_id: channelRef });
const credentialName = channelId.extend({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,49}$/)
    .meta({ description: "Such as youtube_refresh_token" }),
});
const videoId = z.object({ video_id: z.uuid().meta({ description: "The video's id" }) });

const reading = { tag: "video tasks", scope: "tasks:read" } as const;
const writing = { tag: "video tasks", scope: "tasks:write" } as const;
const theTask = { description: "The task", schema: task };
const queued = { description: "Queued", schema: taskQueued };
const cancelling = { description: "A draft again, or soon", schema: taskCancelled };

const bytes = {
  200: { description: "The bytes", schema: null, mediaType: "*/*" },
  206: { description: "The part that Range asks for", schema: null, mediaType: "*/*" },
  304: { description: "Still what If-None-Match names", schema: null },
  416: { description: "Range begins after the end", schema: null },
} as const;

const history = <S extends z.ZodType>(name: string, summary: string, schema: S) =>
  route({
    method: "get",
    path: `/api/v1/tasks/{id}/${name}`,
    summary,
    ...reading,
    params: taskId,
    responses: { 200: { description: "All of them", schema } },
    problems: [],
  });

/** Videos, from an idea to the published file. */
const taskRoutes = {
  createTask: route({
    method: "post",
    path: "/api/v1/tasks",
    summary: "Plan a video; `queue` also queues it",
    ...writing,
    body: { kind: "json", schema: taskCreate },
    responses: { 201: { description: "Made, a draft or queued", schema: task } },
    problems: ["CONFLICT"],
  }),
  listTasks: route({
    method: "get",
    path: "/api/v1/tasks",
    summary: "The owner's tasks, newest first",
    ...reading,
    query: taskListQuery,
    responses: { 200: { description: "A page", schema: taskPage } },
    problems: ["NOT_FOUND"],
  }),
  countTasks: route({
    method: "get",
    path: "/api/v1/tasks/counts",
    summary: "How many tasks there are of each status",
    ...reading,
    query: taskCountQuery,
    responses: { 200: { description: "The counts", schema: taskCounts } },
    problems: ["NOT_FOUND"],
  }),
  queueTasks: route({
    method: "post",
    path: "/api/v1/tasks/queue",
    summary: "Queue up to 100 tasks; each by itself",
    ...writing,
    body: { kind: "json", schema: bulkQueue },
    responses: { 200: { description: "What became of each", schema: bulkQueued } },
    problems: [],
  }),
  reviewTasks: route({
    method: "post",
    path: "/api/v1/tasks/reviews",
    summary: "Decide about up to 100 tasks of one channel: all of them, or none",
    description: "Each at the gate where it stands. With one that cannot be decided so, nothing is.",
    ...writing,
    body: { kind: "json", schema: bulkReview },
    responses: { 200: { description: "Decided, or why not", schema: bulkReviewed } },
    problems: [],
  }),
  readTask: route({
    method: "get",
    path: "/api/v1/tasks/{id}",
    summary: "One task",
    ...reading,
    params: taskId,
    responses: { 200: theTask },
    problems: [],
  }),
  updateTask: route({
    method: "patch",
    path: "/api/v1/tasks/{id}",
    summary: "Change a task; what is null is left out",
    description: "Texts and privacy change only while it is a draft or in error, where null takes them away.",
    ...writing,
    params: taskId,
    body: { kind: "json", schema: taskUpdate },
    responses: { 200: theTask },
    problems: ["CONFLICT"],
  }),
  deleteTask: route({
    method: "delete",
    path: "/api/v1/tasks/{id}",
    summary: "Delete a draft that was never queued",
    ...writing,
    params: taskId,
    responses: { 204: { description: "Gone", schema: null } },
    problems: ["CONFLICT"],
  }),
  queueTask: route({
    method: "post",
    path: "/api/v1/tasks/{id}/queue",
    summary: "Queue a task: a draft, one in error, for admin keys a published one",
    ...writing,
    params: taskId,
    responses: { 202: queued },
    problems: ["CONFLICT"],
  }),
  retryTask: route({
    method: "post",
    path: "/api/v1/tasks/{id}/retry",
    summary: "Try a task again that is in error",
    ...writing,
    params: taskId,
    body: { kind: "json", schema: taskRetry, isOptional: true },
    responses: { 202: queued },
    problems: ["CONFLICT"],
  }),
  unqueueTask: route({
    method: "post",
    path: "/api/v1/tasks/{id}/unqueue",
    summary: "Back to draft, while nobody works on it",
    ...writing,
    params: taskId,
    body: { kind: "json", schema: taskReason, isOptional: true },
    responses: { 202: cancelling },
    problems: ["CONFLICT"],
  }),
  cancelTask: route({
    method: "post",
    path: "/api/v1/tasks/{id}/cancel",
    summary: "Back to draft from wherever it is; a running step ends first",
    ...writing,
    params: taskId,
    body: { kind: "json", schema: taskReason, isOptional: true },
    responses: { 202: cancelling },
    problems: ["CONFLICT"],
  }),
  reviewTask: route({
    method: "post",
    path: "/api/v1/tasks/{id}/reviews/{gate}",
    summary: "Decide at a gate of a task",
    ...writing,
    params: taskGate,
    body: { kind: "json", schema: taskReview },
    responses: { 200: { description: "Decided", schema: taskReviewed } },
    problems: ["CONFLICT"],
  }),
  listTaskTransitions: history("transitions", "Every change of its status, oldest first", taskTransitions),
  listTaskRuns: history("runs", "Each time it was queued", taskRuns),
  listTaskErrors: history("errors", "What went wrong", taskErrors),
  listTaskCosts: history("costs", "What each call to a provider cost", taskCosts),
  listTaskUnits: history("units", "What its steps have made", taskUnits),
  readTaskUnit: route({
    method: "get",
    path: "/api/v1/tasks/{id}/units/{step}/{unit}",
    summary: "The bytes of a unit; Range is honoured",
    ...reading,
    params: taskUnit,
    responses: bytes,
    problems: ["BLOB_MISSING", "BLOB_STORE_FAILED"],
  }),
  readTaskUnitInFolder: route({
    method: "get",
    path: "/api/v1/tasks/{id}/units/{step}/{folder}/{unit}",
    summary: "The bytes of a unit such as characters/01; Range is honoured",
    ...reading,
    params: unitInFolder,
    responses: bytes,
    problems: ["BLOB_MISSING", "BLOB_STORE_FAILED"],
  }),
  createTaskFileLink: route({
    method: "post",
    path: "/api/v1/tasks/{id}/links",
    summary: "An address that shows one unit for some time, without a key",
    ...reading,
    params: taskId,
    body: { kind: "json", schema: fileLinkRequest },
    responses: { 201: { description: "The address", schema: fileLink } },
    problems: ["NOT_CONFIGURED"],
  }),
  readLinkedTaskFile: route({
    method: "get",
    path: "/api/v1/files/{token}",
    summary: "The bytes behind a signed address; Range is honoured",
    tag: "video tasks",
    scope: null,
    params: z.object({ token: z.string().max(3_000).meta({ description: "The signed part of the address" }) }),
    responses: bytes,
    problems: ["NOT_FOUND", "BLOB_MISSING", "BLOB_STORE_FAILED", "STORE_UNAVAILABLE"],
  }),
  readTaskVideo: route({
    method: "get",
    path: "/api/v1/tasks/{id}/video",
    summary: "The finished video; Range is honoured",
    ...reading,
    params: taskId,
    responses: bytes,
    problems: ["BLOB_MISSING", "BLOB_STORE_FAILED"],
  }),
  readCosts: route({
    method: "get",
    path: "/api/v1/costs",
    summary: "What the making of videos cost, by channel, component and period",
    ...reading,
    query: costQuery,
    responses: { 200: { description: "The sums", schema: costReport } },
    problems: ["NOT_FOUND"],
  }),
} as const;

const watching = { tag: "video channels", scope: "channels:read" } as const;
const changing = { tag: "video channels", scope: "channels:write" } as const;
const theChannel = { description: "The channel", schema: videoChannel };

const channelRoutes = {
  listVideoChannels: route({
    method: "get",
    path: "/api/v1/video/channels",
    summary: "The owner's channels",
    ...watching,
    responses: { 200: { description: "All of them", schema: videoChannels } },
    problems: [],
  }),
  readVideoChannel: route({
    method: "get",
    path: "/api/v1/video/channels/{channel_id}",
    summary: "One channel, with its load",
    ...watching,
    params: channelId,
    responses: { 200: theChannel },
    problems: [],
  }),
  putVideoChannel: route({
    method: "put",
    path: "/api/v1/video/channels/{channel_id}",
    summary: "Make a channel, or change all of it",
    ...changing,
    params: channelId,
    body: { kind: "json", schema: channelFields },
    responses: { 200: theChannel },
    problems: ["CONFLICT"],
  }),
  deleteVideoChannel: route({
    method: "delete",
    path: "/api/v1/video/channels/{channel_id}",
    summary: "Delete a channel without tasks",
    ...changing,
    params: channelId,
    responses: { 204: { description: "Gone", schema: null } },
    problems: ["CONFLICT"],
  }),
  putVideoChannelCredential: route({
    method: "put",
    path: "/api/v1/video/channels/{channel_id}/credentials/{name}",
    summary: "Keep a credential of a channel, sealed",
    ...changing,
    params: credentialName,
    body: { kind: "json", schema: credential },
    responses: { 204: { description: "Kept", schema: null } },
    problems: ["NOT_CONFIGURED"],
  }),
  deleteVideoChannelCredential: route({
    method: "delete",
    path: "/api/v1/video/channels/{channel_id}/credentials/{name}",
    summary: "Forget a credential of a channel",
    ...changing,
    params: credentialName,
    responses: { 204: { description: "Gone, or not there", schema: null } },
    problems: [],
  }),
} as const;

const library = { tag: "library", scope: "tasks:read" } as const;

const libraryRoutes = {
  listLibrary: route({
    method: "get",
    path: "/api/v1/library",
    summary: "The owner's videos in the library, newest first",
    ...library,
    query: libraryQuery,
    responses: { 200: { description: "A page", schema: libraryPage } },
    problems: ["BLOB_STORE_FAILED"],
  }),
  readLibraryVideo: route({
    method: "get",
    path: "/api/v1/library/{video_id}",
    summary: "One video; without a key only one that is public or unlisted",
    ...library,
    isKeyOptional: true,
    params: videoId,
    responses: { 200: { description: "The video", schema: libraryVideo } },
    problems: ["BLOB_STORE_FAILED"],
  }),
  downloadLibraryVideo: route({
    method: "get",
    path: "/api/v1/library/{video_id}/video.mp4",
    summary: "The bytes of a video; Range is honoured",
    ...library,
    isKeyOptional: true,
    params: videoId,
    responses: bytes,
    problems: ["BLOB_STORE_FAILED"],
  }),
} as const;

export const videoRoutes = { ...taskRoutes, ...channelRoutes, ...libraryRoutes } as const;
