import { type JobStore, MillraceError } from "@millrace/core";
import type { KeyStore, ReviewLink, ReviewStore } from "@millrace/db";
import express, { type RequestHandler, type Router } from "express";
import helmet from "helmet";
import { wordReview } from "./endpoints/reviews.ts";
import { checkStorable } from "./http/check-json-value.ts";

export interface ReviewPageNeeds {
  readonly reviews: ReviewStore;
  readonly store: Pick<JobStore, "findJob">;
  readonly audit: KeyStore["recordAudit"];
}

/** A form and nothing else: no scripts, no frames, and no address that leaks the token. */
const security: RequestHandler = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      "default-src": ["'none'"],
      "style-src": ["'unsafe-inline'"],
      "form-action": ["'self'"],
      "base-uri": ["'none'"],
      "frame-ancestors": ["'none'"],
    },
  },
  referrerPolicy: { policy: "no-referrer" },
});

const MAX_COMMENT = 5_000;

/**
 * The page behind a review link. Opening it decides nothing (mail scanners open links); the form does, once. A link that
 * is unknown, used or over says so.
 */
export function reviewPage({ reviews, store, audit }: ReviewPageNeeds): Router {
  const router = express.Router();
  router.use(security, (_request, response, next) => {
    response.setHeader("cache-control", "no-store");
    next();
  });

  router.get("/:token", async (request, response) => {
    const link = await reviews.findLink(String(request.params["token"]));
    const problem = problemOf(link);
    if (link === undefined || problem !== undefined) {
      response
        .status(problem?.status ?? 404)
        .type("html")
        .send(page("Review", `<p>${escaped(problem?.text ?? "")}</p>`));
      return;
    }
    const job = await store.findJob(link.jobId, null);
    response.type("html").send(page(`Review: ${link.gate}`, form(link, job?.pipeline ?? "", job?.resourceKey ?? "")));
  });

  router.post(
    "/:token",
    express.urlencoded({ extended: false, limit: "64kb", parameterLimit: 10 }),
    async (request, response) => {
      const body = (request.body ?? {}) as Record<string, unknown>;
      const { decision } = body;
      const comment = typeof body["comment"] === "string" ? body["comment"].trim() : "";
      const show = (status: number, text: string) =>
        response
          .status(status)
          .type("html")
          .send(page("Review", `<p>${escaped(text)}</p>`));
      if (decision !== "approved" && decision !== "rejected") {
        show(400, "Choose approve or reject.");
        return;
      }
      const problem = problemOfComment(comment);
      if (problem !== undefined) {
        show(400, problem);
        return;
      }
      const outcome = await reviews.decideByLink(String(request.params["token"]), {
        decision,
        comment: comment || null,
      });
      if (outcome.kind !== "decided") {
        const reason = problemOf(outcome.kind === "unknown" ? undefined : outcome.link);
        show(reason?.status ?? 404, reason?.text ?? "");
        return;
      }
      const { link, answer } = outcome;
      await audit({
        event: "audit.review",
        actor: `link:${link.reviewer}`,
        jobId: link.jobId,
        details: { gate: link.gate, decision, outcome: answer.kind, comment, link_id: link.id },
      });
      try {
        const { body: said } = wordReview({ job_id: link.jobId, gate: link.gate, decision }, answer);
        const more = said.approvals_needed === undefined ? "" : ` ${said.approvals_needed} more needed.`;
        show(200, `Your decision is noted: ${decision}.${more}`);
      } catch (error) {
        if (!(error instanceof MillraceError)) throw error;
        show(error.code === "VALIDATION_FAILED" ? 400 : 409, error.message);
      }
    },
  );
  return router;
}

/** Before anything is decided: what could not be kept would be found out after the decision stands. */
function problemOfComment(comment: string): string | undefined {
  if (comment.length > MAX_COMMENT) return `The comment is longer than ${MAX_COMMENT} characters.`;
  try {
    checkStorable({ comment }, "form");
    return undefined;
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return error.message;
  }
}

function problemOf(link: ReviewLink | undefined): { readonly status: number; readonly text: string } | undefined {
  if (link === undefined) return { status: 404, text: "There is no such review link." };
  if (link.usedAt !== null) return { status: 410, text: "This link was used: the decision is made." };
  if (link.isExpired) return { status: 410, text: "This link has run out. Ask for a new one." };
  return undefined;
}

function form({ gate, reviewer, expiresAt }: ReviewLink, pipeline: string, resourceKey: string): string {
  return `<dl><dt>Gate</dt><dd>${escaped(gate)}</dd><dt>Job</dt><dd>${escaped(pipeline)} of ${escaped(resourceKey)}</dd>
<dt>You decide as</dt><dd>${escaped(reviewer)}</dd><dt>Until</dt><dd>${expiresAt.toISOString()}</dd></dl>
<form method="post"><label>Comment<textarea name="comment" rows="4" maxlength="${MAX_COMMENT}"></textarea></label>
<p><button name="decision" value="approved">Approve</button> <button name="decision" value="rejected">Reject</button></p></form>`;
}

function page(title: string, content: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;color:#1d2430}
h1{font-size:1.4rem}dt{color:#5a6473;font-size:.85rem}dd{margin:0 0 .6rem;overflow-wrap:anywhere}textarea{display:block;width:100%;font:inherit}
button{font:inherit;padding:.5rem 1.2rem;border:1px solid #8a94a3;border-radius:6px;background:#fff;cursor:pointer}
button[value=approved]{background:#14633a;color:#fff;border-color:#14633a}</style></head>
<body><main><h1>${escaped(title)}</h1>${content}</main></body></html>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
