import type { Endpoints } from "../../http/endpoint.ts";
import type { EndpointNeeds } from "../needs.ts";
import { cancelTask, queueTask, queueTasks, retryTask, unqueueTask } from "./act-on-tasks.ts";
import {
  deleteVideoChannel,
  deleteVideoChannelCredential,
  listVideoChannels,
  putVideoChannel,
  putVideoChannelCredential,
  readVideoChannel,
} from "./channels.ts";
import { downloadLibraryVideo, listLibrary, readLibraryVideo } from "./library.ts";
import { reviewTask, reviewTasks } from "./review-tasks.ts";
import { listTaskCosts, listTaskErrors, listTaskRuns, listTaskTransitions, readCosts } from "./task-history.ts";
import {
  createTaskFileLink,
  listTaskUnits,
  readLinkedTaskFile,
  readTaskUnit,
  readTaskUnitInFolder,
  readTaskVideo,
} from "./task-media.ts";
import { countTasks, createTask, deleteTask, listTasks, readTask, updateTask } from "./tasks.ts";

type Id = Extract<keyof Endpoints, `${string}${"Task" | "VideoChannel" | "Library" | "Costs"}${string}`>;

/** Everything under /tasks, /video/channels, /costs and /library. */
export function videoEndpoints(needs: EndpointNeeds): Pick<Endpoints, Id> {
  return {
    createTask: createTask(needs),
    listTasks: listTasks(needs),
    countTasks: countTasks(needs),
    queueTasks: queueTasks(needs),
    reviewTasks: reviewTasks(needs),
    readTask: readTask(needs),
    updateTask: updateTask(needs),
    deleteTask: deleteTask(needs),
    queueTask: queueTask(needs),
    retryTask: retryTask(needs),
    unqueueTask: unqueueTask(needs),
    cancelTask: cancelTask(needs),
    reviewTask: reviewTask(needs),
    listTaskTransitions: listTaskTransitions(needs),
    listTaskRuns: listTaskRuns(needs),
    listTaskErrors: listTaskErrors(needs),
    listTaskCosts: listTaskCosts(needs),
    listTaskUnits: listTaskUnits(needs),
    readTaskUnit: readTaskUnit(needs),
    readTaskUnitInFolder: readTaskUnitInFolder(needs),
    readTaskVideo: readTaskVideo(needs),
    createTaskFileLink: createTaskFileLink(needs),
    readLinkedTaskFile: readLinkedTaskFile(needs),
    readCosts: readCosts(needs),
    listVideoChannels: listVideoChannels(needs),
    readVideoChannel: readVideoChannel(needs),
    putVideoChannel: putVideoChannel(needs),
    deleteVideoChannel: deleteVideoChannel(needs),
    putVideoChannelCredential: putVideoChannelCredential(needs),
    deleteVideoChannelCredential: deleteVideoChannelCredential(needs),
    listLibrary: listLibrary(needs),
    readLibraryVideo: readLibraryVideo(needs),
    downloadLibraryVideo: downloadLibraryVideo(needs),
  };
}
