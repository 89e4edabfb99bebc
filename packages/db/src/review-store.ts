import { createHash, randomBytes } from "node:crypto";
import type { GateRow, ReviewAnswer, ReviewDecision } from "@millrace/core";
import { arrayLiteral } from "./array-literal.ts";
import type { Database, Query, Row } from "./database.ts";
import { plainText } from "./json-text.ts";
import { newId } from "./new-id.ts";
import { camelRow } from "./statements/camel-row.ts";
import { decideReview } from "./statements/decide-review.ts";
import { listGates } from "./statements/gates.ts";

/** A job that waits at a gate, with what was decided there. */
export interface WaitingReview {
  readonly jobId: string;
  readonly pipeline: string;
  readonly resourceKey: string;
  readonly contentId: string | null;
  readonly submittedBy: string | null;
  readonly createdAt: Date;
  readonly gate: GateRow;
}

export interface NewReviewLink {
  readonly jobId: string;
  readonly gate: string;
  readonly reviewer: string;
  readonly roles: readonly string[];
  readonly createdBy: string;
  readonly expiresInMs: number;
}

export interface ReviewLink {
  readonly id: string;
  readonly jobId: string;
  readonly gate: string;
  readonly reviewer: string;
  readonly roles: readonly string[];
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  readonly isExpired: boolean;
}

export type LinkAnswer =
  | { readonly kind: "unknown" }
  | { readonly kind: "used" | "expired"; readonly link: ReviewLink }
  | { readonly kind: "decided"; readonly link: ReviewLink; readonly answer: ReviewAnswer };

/** What became of several decisions; `answers` are in the order they were given in. */
export interface DecidedTogether {
  /** `refused`: at least one of them does not stand, so nothing was written. */
  readonly kind: "decided" | "refused";
  readonly answers: readonly ReviewAnswer[];
}

/** What people decide, and the links that let them. */
export interface ReviewStore {
  /**
   * All of them or none: each has to close its gate, count towards it, or have been said before. A decision that comes
   * before its job does is refused. At most one decision a job.
   */
  decideTogether(decisions: readonly ReviewDecision[]): Promise<DecidedTogether>;
  /** Jobs that wait at a gate, longest first; `after` is the last one's job id. */
  listWaiting(filter: {
    readonly ownerId: string | null;
    readonly gate?: string | undefined;
    readonly limit: number;
    readonly after?: { readonly createdAt: Date; readonly id: string } | undefined;
  }): Promise<WaitingReview[]>;
  /** `token` is nowhere else: only its hash is kept. */
  createLink(link: NewReviewLink): Promise<{ readonly token: string; readonly link: ReviewLink }>;
  findLink(token: string): Promise<ReviewLink | undefined>;
  /** Decides as the link's reviewer. The link is used up when the decision stands, and only then. */
  decideByLink(
    token: string,
    said: { readonly decision: ReviewDecision["decision"]; readonly comment: string | null },
  ): Promise<LinkAnswer>;
}

const WAITING = `
select id, pipeline, resource_key, content_id, metadata ->> 'submitted_by' as submitted_by, created_at, gate
from pipeline_jobs
where status = 'pending' and waiting_for = 'review' and ($1::uuid is null or owner_id = $1::uuid)
  and ($2::text is null or gate = $2) and ($4::timestamptz is null or (created_at, id) > ($4::timestamptz, $5::uuid))
order by created_at, id limit $3::int
`;

const LINK = "id, job_id, gate, reviewer, roles, expires_at, used_at, expires_at <= now() as is_expired";

const INSERT_LINK = `
insert into review_links (id, job_id, gate, token_hash, reviewer, roles, created_by, expires_at)
values ($1::uuid, $2::uuid, $3, $4, $5, $6::text[], $7, now() + $8::float8 * interval '1 ms') returning ${LINK}
`;

/** 32 random bytes, base64url. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** A decision that stands, whether or not it moved the job. */
const STANDING: readonly ReviewAnswer["kind"][] = ["applied", "counted", "kept", "already_decided"];

/** Of decisions that are made together: what each of them must have come to. */
const hasEffect = ({ decision }: ReviewDecision, answer: ReviewAnswer): boolean =>
  answer.kind === "applied" ||
  answer.kind === "counted" ||
  (answer.kind === "already_decided" && answer.decision === decision);

/** Ends the transaction without a trace; what was found out comes with it. */
class Undone extends Error {
  readonly answers: readonly ReviewAnswer[];
  constructor(answers: readonly ReviewAnswer[]) {
    super("decide together: not all of them stand");
    this.answers = answers;
  }
}

async function decideAll(query: Query, decisions: readonly ReviewDecision[]): Promise<readonly ReviewAnswer[]> {
  const answers = new Map<string, ReviewAnswer>();
  // every transaction takes the jobs in the same order, so no two wait for each other
  const inOrder = [...decisions].sort((a, b) => (a.jobId < b.jobId ? -1 : 1));
  for (const decision of inOrder) answers.set(decision.jobId, await decideReview(query, decision));
  const answered = decisions.map(({ jobId }) => answers.get(jobId)!);
  if (decisions.every((decision, index) => hasEffect(decision, answered[index]!))) return answered;
  throw new Undone(answered);
}

export function createReviewStore(db: Database): ReviewStore {
  return {
    async decideTogether(decisions) {
      try {
        return { kind: "decided", answers: await db.transaction((query) => decideAll(query, decisions)) };
      } catch (error) {
        if (error instanceof Undone) return { kind: "refused", answers: error.answers };
        throw error;
      }
    },

    async listWaiting({ ownerId, gate, limit, after }) {
      const rows = await db.query<Row>(WAITING, [
        ownerId,
        gate ?? null,
        limit,
        after?.createdAt.toISOString() ?? null,
        after?.id ?? null,
      ]);
      const jobs = rows.map((row) => camelRow<WaitingJob>(row, { instants: ["created_at"] }));
      const gates = await listGates(
        db.query,
        jobs.map(({ id }) => id),
      );
      return jobs.flatMap(({ id, gate: name, ...job }) => {
        const found = gates.find((g) => g.jobId === id && g.gate === name);
        return found === undefined ? [] : [{ ...job, jobId: id, gate: found }];
      });
    },

    async createLink({ jobId, gate, reviewer, roles, createdBy, expiresInMs }) {
      const token = randomBytes(32).toString("base64url");
      const [row] = await db.query<Row>(INSERT_LINK, [
        newId(),
        jobId,
        gate,
        hashOf(token),
        plainText(reviewer),
        arrayLiteral(roles),
        plainText(createdBy),
        expiresInMs,
      ]);
      return { token, link: linkOf(row!) };
    },

    findLink: (token) => readLink(db.query, token, ""),

    decideByLink: (token, { decision, comment }) =>
      db.transaction(async (query) => {
        const link = await readLink(query, token, "for update");
        if (link === undefined) return { kind: "unknown" };
        if (link.usedAt !== null) return { kind: "used", link };
        if (link.isExpired) return { kind: "expired", link };
        const { jobId, gate, reviewer, roles } = link;
        const decidedBy = `link:${reviewer}`;
        const answer = await decideReview(query, { jobId, ownerId: null, gate, decision, decidedBy, roles, comment });
        if (STANDING.includes(answer.kind)) {
          await query("update review_links set used_at = now() where id = $1::uuid", [link.id]);
        }
        return { kind: "decided", link, answer };
      }),
  };
}

interface WaitingJob extends Omit<WaitingReview, "jobId" | "gate"> {
  readonly id: string;
  readonly gate: string;
}

const linkOf = (row: Row): ReviewLink => camelRow<ReviewLink>(row, { instants: ["expires_at", "used_at"] });

async function readLink(query: Query, token: string, lock: "" | "for update"): Promise<ReviewLink | undefined> {
  if (!TOKEN.test(token)) return undefined;
  const [row] = await query<Row>(`select ${LINK} from review_links where token_hash = $1 ${lock}`, [hashOf(token)]);
  return row && linkOf(row);
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
