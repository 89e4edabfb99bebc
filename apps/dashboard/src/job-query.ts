import { JOB_STATUSES, type JobFilter, type JobRow } from "@millrace/core";
import { z } from "zod";

const uuid = z.uuid();
const text = z.string().trim().min(1).max(300).optional().catch(undefined);

const query = z.object({
  status: z.enum(JOB_STATUSES).optional().catch(undefined),
  pipeline: text,
  owner: uuid.optional().catch(undefined),
  find: text,
  after: z.templateLiteral([z.int().nonnegative(), "~", z.uuid()]).optional().catch(undefined),
});

/** What the address of the jobs list asks for; what makes no sense in it is left out. */
export type JobQuery = z.output<typeof query>;

export function parseJobQuery(raw: unknown): JobQuery {
  return query.parse(raw);
}

const PAGE = 50;

/** The filter of one page and one row more, which tells whether there is a next page. */
export function filterOf({ status, pipeline, owner, find, after }: JobQuery): JobFilter {
  const [createdAtMs, id] = after?.split("~") ?? [];
  return {
    ownerId: owner ?? null,
    status,
    pipeline,
    ...(find === undefined ? {} : uuid.safeParse(find).success ? { contentId: find } : { resourceKey: find }),
    ...(createdAtMs === undefined || id === undefined
      ? {}
      : { after: { createdAt: new Date(Number(createdAtMs)), id } }),
    limit: PAGE + 1,
  };
}

/** The rows to show and, where there are more, the cursor of the next page. */
export function pageOf(rows: readonly JobRow[]): {
  readonly jobs: readonly JobRow[];
  readonly after: string | undefined;
} {
  const jobs = rows.slice(0, PAGE);
  const last = jobs.at(-1);
  const after = rows.length > PAGE && last !== undefined ? `${last.createdAt.getTime()}~${last.id}` : undefined;
  return { jobs, after };
}

export function isJobId(value: string | undefined): value is string {
  return uuid.safeParse(value).success;
}

/** The address of the list with some of its questions changed; `undefined` takes one away. */
export function listPath(query: JobQuery, changes: Partial<Record<keyof JobQuery, string | undefined>> = {}): string {
  const entries = Object.entries({ ...query, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const search = new URLSearchParams(entries).toString();
  return search === "" ? "/" : `/?${search}`;
}
