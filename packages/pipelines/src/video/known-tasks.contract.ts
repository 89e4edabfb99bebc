import type { Claim } from "@millrace/core";
import type { StepRecord, TaskRecords, VideoCost, VideoTask, VideoUnit } from "./needs.ts";
import type { VideoStep } from "./task-lifecycle.ts";

/** One task as the database would know it, with one claim that holds. */
export interface KnownTask extends TaskRecords {
  task: VideoTask;
  /** Claims with another one are lost. */
  fence: number;
  readonly units: Map<string, VideoUnit>;
  readonly orders: Map<string, string>;
  readonly costs: VideoCost[];
  finalVideo: { readonly path: string; readonly seconds: number } | undefined;
  published: { readonly url: string; readonly videoId: string } | undefined;
  budget: Awaited<ReturnType<TaskRecords["budgetOf"]>>;
  uploads: number;
  readonly publishedBefore: Map<string, string>;
  /** What people say at a gate. */
  approve(step: VideoStep): void;
  reject(step: VideoStep, units?: readonly string[]): void;
  recordOf(step: VideoStep): StepRecord;
}

const NOTHING: StepRecord = {
  completed: false,
  approved: false,
  output_hash: null,
  partial_progress: null,
  duration_seconds: null,
  error_message: null,
};

export function knownTask(task: VideoTask): KnownTask {
  const units = new Map<string, VideoUnit>();
  const orders = new Map<string, string>();
  const holds = (claim: Claim): boolean => claim.fence === known.fence;
  const nameOf = ({ step, unit }: { readonly step: VideoStep; readonly unit: string }): string => `${step}/${unit}`;
  const recordOf = (step: VideoStep): StepRecord => known.task.steps[step] ?? NOTHING;
  const note = (step: VideoStep, record: Partial<StepRecord>): void => {
    known.task = { ...known.task, steps: { ...known.task.steps, [step]: { ...recordOf(step), ...record } } };
  };
  const known: KnownTask = {
    task,
    fence: 1,
    units,
    orders,
    costs: [],
    finalVideo: undefined,
    published: undefined,
    budget: { todayUsd: 0, weekUsd: 0, dailyUsd: null, weeklyUsd: null },
    uploads: 0,
    publishedBefore: new Map(),
    recordOf,
    approve: (step) => note(step, { approved: true, completed: true }),
    reject(step, names) {
      note(step, { approved: false, completed: false });
      for (const [name, unit] of units) {
        if (unit.step === step && (names?.includes(unit.unit) ?? true)) units.set(name, { ...unit, isRejected: true });
      }
    },
    openTask: async (id) => (id === known.task.id ? known.task : undefined),
    unitsOf: async () => [...units.values()],
    async keepUnit(claim, _, unit) {
      if (!holds(claim)) return false;
      units.set(nameOf(unit), { ...unit, isRejected: false });
      orders.delete(nameOf(unit));
      return true;
    },
    async findOrder(_, of) {
      const [hash, ...state] = orders.get(nameOf(of))?.split(" ") ?? [];
      return hash === of.inputHash ? state.join(" ") : null;
    },
    async keepOrder(claim, _, order) {
      if (!holds(claim)) return false;
      if (order.state === "") orders.delete(nameOf(order));
      else orders.set(nameOf(order), `${order.inputHash} ${order.state}`);
      return true;
    },
    async keepCost(_, cost) {
      known.costs.push(cost);
    },
    async keepStep(claim, _, step, record) {
      if (!holds(claim)) return false;
      const isOther = record.output_hash !== undefined && record.output_hash !== recordOf(step).output_hash;
      note(step, { ...record, ...(isOther && { approved: false }) });
      return true;
    },
    async keepFinalVideo(claim, _, video) {
      if (holds(claim)) known.finalVideo = video;
      return holds(claim);
    },
    async keepPublished(claim, _, published) {
      if (holds(claim)) known.published = published;
      return holds(claim);
    },
    budgetOf: async () => known.budget,
    uploadsToday: async () => known.uploads,
    publishedElsewhere: async (_, sha256) => known.publishedBefore.get(sha256) ?? null,
  };
  return known;
}
