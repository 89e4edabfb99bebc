import { type Clock, type JobStore, type Log, specRegistryOf, type TicketQueue } from "@millrace/core";
import { createTaskStore, createTaskWork, type Database, newId, readTypicalTimes } from "@millrace/db";
import { createCancel, createSubmit } from "@millrace/engine";
import { createTaskActions, type TaskActions, videoSpec, videoSpecSettings } from "@millrace/pipelines";
import type { DashboardConfig } from "../config.ts";
import type { TaskReader, TypicalTimes } from "./task-reader.ts";

export interface WireNeeds {
  readonly config: Pick<
    DashboardConfig,
    "IMAGE_PROVIDER" | "CLIP_PROVIDER" | "VOICE_PROVIDER" | "SOUND_PROVIDER" | "PUBLISHER" | "UPLOAD_QUOTA_UNITS"
  >;
  readonly db: Database;
  readonly jobs: JobStore;
  readonly queue: TicketQueue;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is usual changes slowly, and every screen asks. */
const TYPICAL_FOR_MS = 60_000;

/** Tasks to read and to act on. */
export function wireTasks({ config, db, jobs, queue, clock, log }: WireNeeds): {
  readonly tasks: TaskReader;
  readonly actions: TaskActions;
} {
  const store = createTaskStore(db);
  const settings = videoSpecSettings({
    images: config.IMAGE_PROVIDER,
    clips: config.CLIP_PROVIDER,
    voices: config.VOICE_PROVIDER,
    sounds: config.SOUND_PROVIDER,
    publisher: config.PUBLISHER,
    uploadUnits: config.UPLOAD_QUOTA_UNITS,
  });
  const specs = specRegistryOf([videoSpec(settings)]);
  const submit = createSubmit({ store: jobs, queue, specs, log, clock, newId });
  const cancel = createCancel({ store: jobs, queue, log });
  const units = createTaskWork(db);
  return {
    tasks: {
      ...store,
      unitsOf: units.unitsOf,
      typicalTimes: rememberFor(TYPICAL_FOR_MS, clock, () => readTypicalTimes(db)),
    },
    actions: createTaskActions({ tasks: store, jobs, units, submit, cancel }),
  };
}

function rememberFor(ms: number, clock: Clock, read: () => Promise<TypicalTimes>): () => Promise<TypicalTimes> {
  let known: { readonly times: TypicalTimes; readonly untilMs: number } | undefined;
  return async () => {
    const nowMs = clock.now().getTime();
    if (known === undefined || nowMs >= known.untilMs) known = { times: await read(), untilMs: nowMs + ms };
    return known.times;
  };
}
