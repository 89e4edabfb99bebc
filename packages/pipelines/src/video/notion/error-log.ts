/** What is to stand in the Error Log of a page. */
export interface LogEntry {
  readonly at: Date;
  readonly message: string;
  /** Said once as long as nothing else was said since: why an entry stays where it is. */
  readonly isRemark?: boolean;
}

/** What one property takes, with room to spare (100 elements of 2000 characters). */
export const MAX_LOG_LENGTH = 190_000;
const MAX_MESSAGE_LENGTH = 2_000;

const OURS = /^\[(?<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\] Millrace: /;

/** What a log says, oldest first: our lines as of their time, those of others as of now. */
export function entriesOf(log: string, now: Date): LogEntry[] {
  return log.split("\n").flatMap((line) => {
    const ours = OURS.exec(line);
    const at = new Date(ours?.groups?.["at"] ?? "");
    if (ours !== null && !Number.isNaN(at.getTime())) return [{ at, message: line.slice(ours[0].length) }];
    return line.trim() === "" ? [] : [{ at: now, message: line }];
  });
}

function lineOf({ at, message }: LogEntry): string {
  const words = message
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, MAX_MESSAGE_LENGTH)
    .replace(/\p{Surrogate}/gu, "\uFFFD");
  return `[${at.toISOString()}] Millrace: ${words}`;
}

/**
 * The log with the entries it does not have yet at its end; everything else stays as it is. When the property is full
 * the oldest lines of ours go, never a line of somebody else.
 */
export function appendToLog(log: string, entries: readonly LogEntry[]): string {
  const lines = log === "" ? [] : log.split("\n");
  for (const entry of entries) {
    const line = lineOf(entry);
    const last = lines.findLast((known) => OURS.test(known));
    const isSaid = entry.isRemark === true && last?.replace(OURS, "") === line.replace(OURS, "");
    if (!isSaid && !lines.includes(line)) lines.push(line);
  }
  return fitting(lines);
}

function fitting(lines: string[]): string {
  let length = lines.reduce((sum, line) => sum + line.length + 1, -1);
  return lines
    .filter((line) => {
      const goes = length > MAX_LOG_LENGTH && OURS.test(line);
      if (goes) length -= line.length + 1;
      return !goes;
    })
    .join("\n");
}

/** The lines people wrote that were not there when the log was last seen; a line written again counts. */
export function newNotes(log: string, seen: string): string {
  const known = new Map<string, number>();
  for (const line of seen.split("\n")) known.set(line.trim(), (known.get(line.trim()) ?? 0) + 1);
  const isNew = (line: string): boolean => {
    const left = known.get(line.trim()) ?? 0;
    known.set(line.trim(), left - 1);
    return left <= 0 && !OURS.test(line);
  };
  return log.split("\n").filter(isNew).join("\n").trim();
}
