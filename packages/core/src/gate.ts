export const GATE_EXPIRIES = ["reject", "cancel"] as const;
/** What becomes of a job nobody decided about in time. Approving is not among them. */
export type GateExpiry = (typeof GATE_EXPIRIES)[number];

/** Who decides at a gate, how many of them, and until when. */
export interface GatePolicy {
  /** Different people who have to approve; one rejection ends it. */
  readonly approvals: number;
  /** Only people with one of these roles count; empty: everybody who may review. */
  readonly roles: readonly string[];
  /** Whether the one who submitted the job may approve it. */
  readonly allowsSelfApproval: boolean;
  /** Whether a rejection has to say why. */
  readonly needsReason: boolean;
  /** Milliseconds from when the job arrives at the gate; null: it waits for ever. */
  readonly expiresInMs: number | null;
  readonly onExpiry: GateExpiry | null;
}

export interface Gate {
  readonly name: string;
  readonly policy: GatePolicy;
}

/** A gate as a stage names it: what is left out is as `OPEN_POLICY` says. */
export type GateRequest = { readonly name: string } & Partial<GatePolicy>;

const OPEN_POLICY: GatePolicy = {
  approvals: 1,
  roles: [],
  allowsSelfApproval: true,
  needsReason: false,
  expiresInMs: null,
  onExpiry: null,
};

/** Throws where a gate could never be decided as it asks: no approvals, or an end without saying what happens then. */
export function gateOf(request: string | GateRequest): Gate {
  if (typeof request === "string") return { name: request, policy: OPEN_POLICY };
  const { name, ...asked } = request;
  const policy = { ...OPEN_POLICY, ...asked };
  if (!Number.isInteger(policy.approvals) || policy.approvals < 1)
    throw new Error(`gate ${name}: approvals must be a whole number from 1`);
  if ((policy.expiresInMs === null) !== (policy.onExpiry === null))
    throw new Error(`gate ${name}: expiresInMs and onExpiry go together`);
  return { name, policy };
}

/** One person's decision. */
export interface GateDecision {
  readonly decision: "approved" | "rejected";
  readonly decidedBy: string;
  readonly roles: readonly string[];
  readonly comment: string | null;
  /** They submitted the job themselves. */
  readonly isSelf: boolean;
}

export type GateRefusal = "role" | "self" | "reason";

/** The rule of the policy that a decision breaks, if any; it does not count then. */
export function refusalOf(
  policy: GatePolicy,
  { decision, roles, comment, isSelf }: GateDecision,
): GateRefusal | undefined {
  if (policy.roles.length > 0 && !policy.roles.some((role) => roles.includes(role))) return "role";
  if (decision === "approved" && isSelf && !policy.allowsSelfApproval) return "self";
  if (decision === "rejected" && policy.needsReason && (comment ?? "").trim() === "") return "reason";
  return undefined;
}

export type GateVerdict =
  | { readonly kind: "open"; readonly approvals: number; readonly needed: number }
  | { readonly kind: "approved" | "rejected"; readonly by: GateDecision };

/** What decisions, oldest first and one a person, mean together: the first that closes the gate stands. */
export function judgeGate(policy: GatePolicy, decisions: readonly GateDecision[]): GateVerdict {
  const approvers = new Set<string>();
  for (const by of decisions) {
    if (refusalOf(policy, by) !== undefined) continue;
    if (by.decision === "rejected") return { kind: "rejected", by };
    approvers.add(by.decidedBy);
    if (approvers.size >= policy.approvals) return { kind: "approved", by };
  }
  return { kind: "open", approvals: approvers.size, needed: policy.approvals };
}
