/** One requirement, in our own short wording. */
export interface Requirement {
  /** As tests cite it: `A-S01`. */
  readonly id: string;
  readonly summary: string;
  /** What a test cannot prove, or what was left out with a reason: said in the table, with a link from `docs/`. */
  readonly note?: string;
}

/** The requirements of one system, a table of `docs/requirements.md`. */
export interface RequirementSet {
  readonly title: string;
  readonly introduction: string;
  readonly requirements: readonly Requirement[];
  /** Whether a requirement without a test or a note fails the build; false while the system is not built. */
  readonly isComplete: boolean;
}
