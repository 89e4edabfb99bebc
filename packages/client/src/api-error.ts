import type { Problem } from "@millrace/contracts";

/** The API said no. `code` is stable and explained in docs/errors.md. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  /** Which fields broke which rules. */
  readonly errors: NonNullable<Problem["errors"]>;

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.code = problem.code ?? "";
    this.requestId = problem.request_id;
    this.errors = problem.errors ?? [];
  }
}
