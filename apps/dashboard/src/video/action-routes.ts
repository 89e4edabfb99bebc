import type { GatePolicy } from "@millrace/core";
import type { KeyStore } from "@millrace/db";
import {
  type CancelTaskAnswer,
  type QueueTaskAnswer,
  type ReviewTaskAnswer,
  type TaskActions,
  VIDEO_STEPS,
} from "@millrace/pipelines";
import { Router, urlencoded } from "express";
import { z } from "zod";
import { safeNext } from "../login-routes.ts";
import { actScreen } from "../screens/act-screen.ts";
import { wordsOf } from "../screens/task-parts.ts";
import type { Actor } from "./actors.ts";
import { showTask, type TaskNeeds } from "./task-routes.ts";

export interface ActionNeeds extends TaskNeeds {
  readonly actions: TaskActions;
  readonly keys: Pick<KeyStore, "recordAudit">;
}

const text = (most: number) =>
  z
    .string()
    .trim()
    .max(most)
    .transform((written) => (written === "" ? null : written))
    .nullish();

const clips = z
  .string()
  .trim()
  .regex(/^[\d ,]*$/, "are numbers, such as 2, 5")
  .transform((written) => written.split(/[ ,]+/).filter(Boolean).map(Number));

const units = z
  .union([
    z.array(z.string().max(100)),
    z
      .string()
      .max(100)
      .transform((one) => [one]),
  ])
  .refine((names) => names.length <= 500, "are too many");

const form = z.object({
  do: z.enum(["queue", "retry", "cancel", "approve", "reject"]),
  gate: z.enum(["assets", "video", "audio", "final"]).optional(),
  comment: text(5_000),
  reason: text(500),
  step: z.enum(VIDEO_STEPS).optional(),
  clips: clips.optional(),
  unit: units.optional(),
});
type Form = z.output<typeof form>;

/** Steps whose units are clips, named by their numbers. */
const BY_CLIP = ["video", "audio"];

/** What people do to a task from its screen, on behalf of the key they act with. */
export function actionRoutes(needs: ActionNeeds): Router {
  const { actors, keys, readShell } = needs;
  const router = Router();
  const body = urlencoded({ extended: false, limit: "64kb", parameterLimit: 1_000 });

  router.get("/act", async (req, res) => {
    const [shell, actor] = await Promise.all([readShell(), actors.find(req)]);
    res.type("html").send(actScreen(shell, { next: safeNext(req.query["next"]), actor }));
  });
  router.post("/act", body, async (req, res) => {
    const { next, key, end } = (req.body ?? {}) as Readonly<Record<string, unknown>>;
    const to = safeNext(next);
    if (end !== undefined) {
      actors.end(req, res);
      res.redirect(303, to);
      return;
    }
    if (typeof key === "string" && (await actors.begin(req, res, key.trim()))) {
      res.redirect(303, to);
      return;
    }
    const message = "That is no key that may change tasks.";
    res
      .status(401)
      .type("html")
      .send(actScreen(await readShell(), { next: to, actor: null, message }));
  });
  router.post("/tasks/:id", body, async (req, res) => {
    const { id } = req.params;
    const refuse = (status: number, problem: string): Promise<void> =>
      showTask(needs, req, res, { id, status, problem });
    const actor = await actors.find(req);
    if (actor === null) return refuse(403, "Act with an API key first.");
    // a stale form, or another site's
    if (req.body?.token !== actor.formToken) return refuse(403, "This form is out of date. Try again.");
    const parsed = form.safeParse(req.body);
    if (!parsed.success) return refuse(400, problemOf(parsed.error));
    const { outcome, status, problem } = await act(needs, actor, { id, form: parsed.data });
    await keys.recordAudit({
      event: "audit.console_action",
      actor: actor.by,
      ownerId: actor.ownerId,
      details: { task_id: id, action: parsed.data.do, gate: parsed.data.gate ?? null, outcome },
    });
    if (problem !== undefined) return refuse(status, problem);
    res.redirect(303, `/tasks/${id}`);
  });
  return router;
}

function problemOf(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join(".") || "The form"} ${issue?.message ?? "makes no sense"}.`;
}

interface Done {
  readonly outcome: string;
  readonly status: number;
  /** Absent: it was done. */
  readonly problem?: string;
}

async function act(
  { actions }: ActionNeeds,
  actor: Actor,
  { id: taskId, form }: { readonly id: string; readonly form: Form },
): Promise<Done> {
  const who = { taskId, ownerId: actor.ownerId, by: actor.by };
  switch (form.do) {
    case "queue":
      return said(await actions.queue({ ...who, isAdmin: actor.isAdmin }));
    case "retry":
      return said(await actions.retry(who));
    case "cancel":
      return said(await actions.cancel({ ...who, reason: form.reason ?? null }));
    case "approve":
    case "reject":
      return review(actions, actor, { taskId, form });
  }
}

async function review(
  actions: TaskActions,
  actor: Actor,
  { taskId, form }: { readonly taskId: string; readonly form: Form },
): Promise<Done> {
  const { gate, step, comment = null } = form;
  if (gate === undefined) return { outcome: "invalid", status: 400, problem: "Which gate?" };
  const who = { taskId, ownerId: actor.ownerId, by: actor.by, roles: actor.roles, gate, comment };
  if (form.do === "approve") return said(await actions.review({ ...who, decision: "approved" }));
  const marked = form.unit ?? [];
  const isByClip = gate !== "final" && BY_CLIP.includes(gate);
  const clips = isByClip ? marked.map(Number) : (form.clips ?? []);
  return said(
    await actions.review({
      ...who,
      decision: "rejected",
      step: gate === "final" ? (step ?? null) : null,
      clips: clips.length === 0 ? null : clips,
      units: isByClip || marked.length === 0 ? null : marked,
    }),
  );
}

const REFUSALS = {
  role: ({ roles }: GatePolicy) => `This gate asks for one of the roles ${roles.join(", ")}.`,
  self: () => "Who queued the video may not approve it at this gate.",
  reason: () => "This gate asks for the reason of a rejection.",
} as const;

/** In words where it did not happen. */
function said(answer: QueueTaskAnswer | CancelTaskAnswer | ReviewTaskAnswer): Done {
  const refused = (status: number, problem: string): Done => ({ outcome: answer.kind, status, problem });
  switch (answer.kind) {
    case "not_found":
      return refused(404, "The key has no such task: it belongs to another owner.");
    case "channel_inactive":
      return refused(409, "Its channel is switched off.");
    case "refused":
      return refused(409, `It is ${wordsOf(answer.from)} now, from where nothing leads to ${wordsOf(answer.to)}.`);
    case "active":
      return refused(409, `It is ${wordsOf(answer.status)} already.`);
    case "invalid":
      return refused(400, `${answer.field} ${answer.message}.`);
    case "not_allowed":
      return refused(403, REFUSALS[answer.rule](answer.policy));
    case "already_decided":
      return refused(409, `It was ${answer.decision} before; the first decision stands.`);
    default:
      return { outcome: answer.kind, status: 303 };
  }
}
