import type { Finding } from "@millrace/core";

export interface Look {
  /** Names the finding that says it could not be looked at. */
  readonly check: string;
  /** What is looked at, as the subject of a sentence. */
  readonly subject: string;
  readonly limitMs: number;
  readonly severity?: "warning" | "fatal";
  readonly fix: string;
}

/** What was found, or, where looking fails or takes too long, one finding that says so. Never rejects. */
export async function lookWithin(about: Look, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  const { check, subject, limitMs, severity = "fatal", fix } = about;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1_000} s`)), limitMs);
  });
  try {
    return await Promise.race([look(), late]);
  } catch (error) {
    return [{ check, severity, message: `${subject} cannot be used: ${reasonOf(error)}.`, fix }];
  } finally {
    clearTimeout(timer);
  }
}

/** The innermost cause says most: "connect ECONNREFUSED 127.0.0.1:6379" rather than "the queue could not be reached". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause instanceof Error ? reasonOf(error.cause) : "";
  const first = error instanceof AggregateError ? error.errors.map(reasonOf).find((text) => text !== "") : undefined;
  const text = inner || error.message || first || ("code" in error ? String(error.code) : error.name);
  return text.replace(/\.$/, "");
}
