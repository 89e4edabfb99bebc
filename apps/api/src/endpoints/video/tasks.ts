import type { BodyOf, Routes } from "@millrace/contracts";
import type { Json, Priority } from "@millrace/core";
import type { TaskChange, TaskRow, VideoChannel } from "@millrace/db";
import { STATES_OF_STEP, type TaskStatus, VIDEO_STEPS } from "@millrace/pipelines";
import { actorOf, visibleOwner } from "../../auth/principal.ts";
import { cutPage, readCursor } from "../../http/cursor.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { conflict, fieldProblem } from "../../http/request-problem.ts";
import type { EndpointNeeds } from "../needs.ts";
import { traceparentOf } from "../submit-job.ts";
import { queueOrRefuse, unqueueOrRefuse } from "./act-on-tasks.ts";
import { shownTask } from "./show-task.ts";
import { findVisibleChannel, findVisibleTask, noSuchTask } from "./video-needs.ts";

/** C-S30. */
export function createTask(needs: EndpointNeeds): Endpoint<Routes["createTask"]> {
  const { tasks } = needs.video;
  return async ({ principal, body, request }) => {
    const channel = await tasks.findVideoChannel(body.channel_id, visibleOwner(principal));
    if (channel === undefined) throw fieldProblem("channel_id", "known", "is no channel of yours");
    if (body.queue && !channel.isActive) {
      throw conflict(`The channel ${channel.channelId} is not active: nothing new begins there.`, {});
    }
    const made = await tasks.createTask(
      {
        ownerId: channel.ownerId,
        channelId: channel.id,
        notionPageId: body.notion_page_id ?? null,
        title: body.title,
        topic: body.topic,
        storyDirection: body.story_direction,
        priority: body.priority ?? priorityOf(channel),
        narrationScripts: body.narration_scripts ?? null,
        sfxDescriptions: body.sfx_descriptions ?? null,
        privacy: body.privacy ?? null,
      },
      actorOf(principal),
    );
    if (made.kind === "channel_unknown") throw fieldProblem("channel_id", "known", "is no channel of yours");
    if (made.kind === "duplicate") {
      const isTheirs = principal.isAdmin || made.task.ownerId === principal.ownerId;
      throw conflict("There is a task of this page already.", isTheirs ? { task_id: made.task.id } : {});
    }
    if (!body.queue) return { status: 201, body: shownTask(made.task) };
    await queueOrRefuse(needs, principal, made.task.id, traceparentOf(request.headers["traceparent"]));
    return { status: 201, body: shownTask(await findVisibleTask(needs.video, made.task.id, principal)) };
  };
}

function priorityOf({ config }: VideoChannel): Priority {
  const said = (config as Readonly<Record<string, Json>> | null)?.["priority"];
  return said === "high" || said === "low" ? said : "normal";
}

export function listTasks({ video }: EndpointNeeds): Endpoint<Routes["listTasks"]> {
  return async ({ principal, query }) => {
    const channel = query.channel && (await findVisibleChannel(video, query.channel, principal));
    const rows = await video.tasks.listTasks({
      ownerId: visibleOwner(principal),
      statuses: query.status.length === 0 ? undefined : query.status,
      channelId: channel ? channel.id : undefined,
      priority: query.priority,
      limit: query.limit + 1,
      before: readCursor(query.cursor),
    });
    const { page, next } = cutPage(rows, query.limit);
    return { status: 200, body: { tasks: page.map(shownTask), next_cursor: next } };
  };
}

export function countTasks({ video }: EndpointNeeds): Endpoint<Routes["countTasks"]> {
  return async ({ principal, query }) => {
    const channel = query.channel && (await findVisibleChannel(video, query.channel, principal));
    const by_status = await video.tasks.countTasks({
      ownerId: visibleOwner(principal),
      channelId: channel ? channel.id : undefined,
    });
    const total = Object.values(by_status).reduce((sum, count) => sum + count, 0);
    return { status: 200, body: { total, by_status: { ...by_status } } };
  };
}

export function readTask({ video }: EndpointNeeds): Endpoint<Routes["readTask"]> {
  return async ({ principal, params }) => ({
    status: 200,
    body: shownTask(await findVisibleTask(video, params.id, principal)),
  });
}

const ERRORS: readonly TaskStatus[] = VIDEO_STEPS.map((step) => STATES_OF_STEP[step].error);
const isAtRest = ({ status }: TaskRow): boolean => status === "draft" || ERRORS.includes(status);

/** C-S31, C-Q19, C-Q20. Everything is checked before anything is changed. */
export function updateTask(needs: EndpointNeeds): Endpoint<Routes["updateTask"]> {
  const { tasks } = needs.video;
  return async ({ principal, params, body, request }) => {
    const task = await findVisibleTask(needs.video, params.id, principal);
    const { status, ...fields } = body;
    const change = changeOf(fields);
    const frozen = Object.keys(TEXTS).find((name) => TEXTS[name as keyof typeof TEXTS] in change);
    if (frozen !== undefined && !isAtRest(task)) {
      throw conflict(`${frozen} changes only while the task is a draft or in error; it is ${task.status}.`, {
        from: task.status,
      });
    }
    const { narrationScripts: scripts = task.narrationScripts, sfxDescriptions: sounds = task.sfxDescriptions } =
      change;
    if (scripts !== null && sounds !== null && scripts.length !== sounds.length) {
      throw fieldProblem("sfx_descriptions", "as_many", "must be as many as narration_scripts");
    }
    if (status != null && status !== "queued" && status !== "draft") {
      throw conflict(`A task does not become ${status} by hand; decisions go to /tasks/{id}/reviews/{gate}.`, {
        from: task.status,
        to: status,
      });
    }
    if (status === "queued" && !isAtRest(task) && !(principal.isAdmin && task.status === "published")) {
      throw conflict(`A task cannot go from ${task.status} to queued.`, { from: task.status, to: "queued" });
    }
    if (status === "draft" && task.status !== "queued") {
      throw conflict(`A task cannot go from ${task.status} to draft.`, { from: task.status, to: "draft" });
    }
    if (Object.keys(change).length > 0) {
      const changed = await tasks.updateTask(task.id, visibleOwner(principal), change);
      if (changed === undefined) throw noSuchTask();
    }
    if (status === "queued") {
      await queueOrRefuse(needs, principal, task.id, traceparentOf(request.headers["traceparent"]));
    }
    if (status === "draft") await unqueueOrRefuse(needs, principal, task.id, null);
    return { status: 200, body: shownTask(await findVisibleTask(needs.video, task.id, principal)) };
  };
}

/** What the making reads: fields of the request and of the change. */
const TEXTS = {
  title: "title",
  topic: "topic",
  story_direction: "storyDirection",
  narration_scripts: "narrationScripts",
  sfx_descriptions: "sfxDescriptions",
  privacy: "privacy",
} as const;

/** What is null is left out, but for what null takes away. */
function changeOf(body: Omit<BodyOf<Routes["updateTask"]>, "status">): TaskChange {
  return {
    ...(body.title != null && { title: body.title }),
    ...(body.topic != null && { topic: body.topic }),
    ...(body.story_direction != null && { storyDirection: body.story_direction }),
    ...(body.priority != null && { priority: body.priority }),
    ...(body.error_log != null && { errorLog: body.error_log }),
    ...(body.youtube_url != null && { youtubeUrl: body.youtube_url }),
    ...(body.narration_scripts !== undefined && { narrationScripts: body.narration_scripts }),
    ...(body.sfx_descriptions !== undefined && { sfxDescriptions: body.sfx_descriptions }),
    ...(body.privacy !== undefined && { privacy: body.privacy }),
  };
}

export function deleteTask({ video }: EndpointNeeds): Endpoint<Routes["deleteTask"]> {
  return async ({ principal, params }) => {
    const outcome = await video.tasks.deleteTask(params.id, visibleOwner(principal));
    if (outcome === "not_found") throw noSuchTask();
    if (outcome === "refused") throw conflict("Only a draft that was never queued can be deleted.", {});
    return { status: 204, body: null };
  };
}
