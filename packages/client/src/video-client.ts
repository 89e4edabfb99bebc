import type { AnswerOf, BodyOf, RouteId, Routes } from "@millrace/contracts";
import { type ClientOptions, sendRequest } from "./send-request.ts";

type Body<Id extends RouteId> = AnswerOf<Routes[Id]>["body"];

/** A video to be planned. */
export type TaskDraft = Routes["createTask"]["body"]["schema"]["_zod"]["input"];
export type TaskChange = Routes["updateTask"]["body"]["schema"]["_zod"]["input"];
export type Task = Body<"readTask">;
export type TaskReview = BodyOf<Routes["reviewTask"]>;
export type TaskGate = Body<"reviewTask">["gate"];
export type VideoChannel = Body<"readVideoChannel">;
export type LibraryVideo = Body<"readLibraryVideo">;

type FileLinkRequest = Routes["createTaskFileLink"]["body"]["schema"]["_zod"]["input"];

export interface TaskList {
  readonly status?: Task["status"];
  /** uuid or short id. */
  readonly channel?: string;
  readonly priority?: Task["priority"];
  readonly limit?: number;
  readonly cursor?: string;
}

export interface CostQuery {
  /** ISO 8601. */
  readonly from?: string;
  readonly to?: string;
  readonly by?: "day" | "week" | "month" | "all";
  readonly channel?: string;
}

/** Videos, from an idea to the published file. Everything can reject with ApiError. */
export interface VideoClient {
  /** A page of Notion has one task: making it again is refused with 409. */
  create(task: TaskDraft): Promise<Task>;
  get(id: string): Promise<Task>;
  list(query?: TaskList): Promise<Body<"listTasks">>;
  counts(query?: { readonly channel?: string }): Promise<Body<"countTasks">>;
  update(id: string, change: TaskChange): Promise<Task>;
  delete(id: string): Promise<void>;
  queue(id: string): Promise<Body<"queueTask">>;
  /** Each by itself. */
  queueAll(ids: readonly string[]): Promise<Body<"queueTasks">>;
  retry(id: string, options?: { readonly step?: NonNullable<Task["error_step"]> }): Promise<Body<"retryTask">>;
  unqueue(id: string, reason?: string): Promise<Body<"unqueueTask">>;
  cancel(id: string, reason?: string): Promise<Body<"cancelTask">>;
  review(id: string, gate: TaskGate, review: TaskReview): Promise<Body<"reviewTask">>;
  /** All of them or none; of one channel. */
  reviewAll(ids: readonly string[], review: Omit<BodyOf<Routes["reviewTasks"]>, "ids">): Promise<Body<"reviewTasks">>;
  transitions(id: string): Promise<Body<"listTaskTransitions">>;
  runs(id: string): Promise<Body<"listTaskRuns">>;
  errors(id: string): Promise<Body<"listTaskErrors">>;
  costs(id: string): Promise<Body<"listTaskCosts">>;
  units(id: string): Promise<Body<"listTaskUnits">>;
  /** An address that shows a unit without a key, for 24 hours unless said. */
  link(id: string, unit: FileLinkRequest): Promise<Body<"createTaskFileLink">>;
  sumCosts(query?: CostQuery): Promise<Body<"readCosts">>;
  channels(): Promise<Body<"listVideoChannels">>;
  channel(id: string): Promise<VideoChannel>;
  /** The fields of a channel's file. */
  putChannel(id: string, fields: Readonly<Record<string, unknown>>): Promise<VideoChannel>;
  deleteChannel(id: string): Promise<void>;
  putCredential(channelId: string, name: string, value: string): Promise<void>;
  deleteCredential(channelId: string, name: string): Promise<void>;
  library(query?: { readonly limit?: number; readonly cursor?: string }): Promise<Body<"listLibrary">>;
  libraryVideo(videoId: string): Promise<LibraryVideo>;
}

export function createVideoClient(client: ClientOptions): VideoClient {
  const part = encodeURIComponent;
  const task = (id: string, rest = ""): string => `/tasks/${part(id)}${rest}`;
  const channel = (id: string, rest = ""): string => `/video/channels/${part(id)}${rest}`;
  const credential = (id: string, name: string): string => channel(id, `/credentials/${part(name)}`);
  const read = <T>(path: string, query = {}): Promise<T> =>
    sendRequest<T>(client, { method: "GET", path, query, isRepeatable: true });
  const post = <T>(path: string, body?: unknown): Promise<T> =>
    sendRequest<T>(client, { method: "POST", path, body, isRepeatable: false });
  const put = <T>(path: string, body: unknown): Promise<T> =>
    sendRequest<T>(client, { method: "PUT", path, body, isRepeatable: true });
  const remove = (path: string): Promise<void> => sendRequest(client, { method: "DELETE", path, isRepeatable: false });
  return {
    create: (draft) => post("/tasks", draft),
    get: (id) => read(task(id)),
    list: (query = {}) => read("/tasks", query),
    counts: (query = {}) => read("/tasks/counts", query),
    update: (id, body) => sendRequest(client, { method: "PATCH", path: task(id), body, isRepeatable: false }),
    delete: (id) => remove(task(id)),
    queue: (id) => post(task(id, "/queue")),
    queueAll: (ids) => post("/tasks/queue", { ids }),
    retry: (id, options = {}) => post(task(id, "/retry"), options),
    unqueue: (id, reason) => post(task(id, "/unqueue"), reason === undefined ? {} : { reason }),
    cancel: (id, reason) => post(task(id, "/cancel"), reason === undefined ? {} : { reason }),
    review: (id, gate, review) => post(task(id, `/reviews/${gate}`), review),
    reviewAll: (ids, review) => post("/tasks/reviews", { ids, ...review }),
    transitions: (id) => read(task(id, "/transitions")),
    runs: (id) => read(task(id, "/runs")),
    errors: (id) => read(task(id, "/errors")),
    costs: (id) => read(task(id, "/costs")),
    units: (id) => read(task(id, "/units")),
    link: (id, unit) => post(task(id, "/links"), unit),
    sumCosts: (query = {}) => read("/costs", query),
    channels: () => read("/video/channels"),
    channel: (id) => read(channel(id)),
    putChannel: (id, fields) => put(channel(id), fields),
    deleteChannel: (id) => remove(channel(id)),
    putCredential: (id, name, value) => put(credential(id, name), { value }),
    deleteCredential: (id, name) => remove(credential(id, name)),
    library: (query = {}) => read("/library", query),
    libraryVideo: (videoId) => read(`/library/${part(videoId)}`),
  };
}
