import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "@millrace/core";
import type { Channel } from "./channel.ts";
import { parseChannel } from "./parse-channel.ts";

/** As long as a change may take to be seen. Read, not watched: watches miss changes of mounted files. */
const READ_EVERY_MS = 5_000;
const MAX_BYTES = 64 * 1024;

export interface ChannelFileProblem {
  /** The file's path; the folder's where that cannot be read. */
  readonly file: string;
  /** Whose file it is or was, so that nobody takes the channel for removed; null where nothing tells. */
  readonly channelId: string | null;
  /** Each names the field and the rule. They show no values. */
  readonly reasons: readonly string[];
}

export interface ChannelFilesState {
  /**
   * In order of their ids. One whose file is wrong now is as it was when the file was last right; one whose file was
   * removed while the files are open is not active.
   */
  readonly channels: readonly Channel[];
  /** In order of their files. */
  readonly problems: readonly ChannelFileProblem[];
}

export interface ChannelFiles {
  /** The same object until something changes. */
  current(): ChannelFilesState;
  /** Reads the files again, now. */
  reload(): Promise<void>;
  close(): void;
}

export interface ChannelFilesOptions {
  /** Its files that end in `.yaml` or `.yml` are read, but for those whose name starts with `.` or `_`. */
  readonly folder: string;
  readonly log: Log;
  /** null: only when `reload` is called. */
  readonly readEveryMs?: number | null;
  /** Called after every change, with what is current then. The next reading waits for it; what it throws is logged. */
  readonly onChange?: (state: ChannelFilesState) => void | Promise<void>;
}

/**
 * The channels of a folder, read again every few seconds. A wrong file never stops the others. Rejects where the folder
 * cannot be read at the start; later that changes no channel and is a problem.
 */
export async function openChannelFiles(options: ChannelFilesOptions): Promise<ChannelFiles> {
  const { folder, log, readEveryMs = READ_EVERY_MS, onChange } = options;
  const first = await readFolder(folder);
  let files: readonly ChannelFile[] | string = first;
  let known = settle(first, NOTHING_KNOWN);
  let isClosed = false;
  report(log, known.state, []);

  const readAgain = async (): Promise<void> => {
    const next = await readFolder(folder).catch(problemOf);
    if (isClosed || JSON.stringify(next) === JSON.stringify(files)) return;
    const before = known.state;
    files = next;
    known = typeof next === "string" ? withoutFolder(folder, next, known) : settle(next, known);
    report(log, known.state, before.problems);
    try {
      await onChange?.(known.state);
    } catch (error) {
      log.error({ error: problemOf(error) }, "a change of channels was not taken over");
    }
  };
  // one after the other: a slow read must not undo a later one
  let reading = Promise.resolve();
  const reload = (): Promise<void> => {
    reading = reading.then(readAgain);
    return reading;
  };
  const timer = readEveryMs === null ? undefined : setInterval(() => void reload(), readEveryMs);
  timer?.unref();
  const close = (): void => {
    isClosed = true;
    clearInterval(timer);
  };
  return { current: () => known.state, reload, close };
}

interface ChannelFile {
  readonly path: string;
  readonly content: { readonly text: string } | { readonly problem: string };
}

interface Known {
  readonly state: ChannelFilesState;
  /** By file, what it said when it was last right. */
  readonly lastGood: ReadonlyMap<string, Channel>;
}

const NOTHING_KNOWN: Known = { state: { channels: [], problems: [] }, lastGood: new Map() };

/** What files mean after what was known. Files that are right come first, in order of their names; then what is kept. */
function settle(files: readonly ChannelFile[], before: Known): Known {
  const holders = new Map<string, string>();
  const lastGood = new Map<string, Channel>();
  const take = (file: string, channel: Channel): void => {
    holders.set(channel.channelId, file);
    lastGood.set(file, channel);
  };
  const wrong: ChannelFileProblem[] = [];
  for (const { path, content } of files) {
    const parsed = "text" in content ? parseChannel(content.text) : { channelId: null, reasons: [content.problem] };
    if ("reasons" in parsed) {
      wrong.push({ file: path, ...parsed });
      continue;
    }
    const { channelId } = parsed.channel;
    const holder = holders.get(channelId);
    if (holder === undefined) take(path, parsed.channel);
    else wrong.push({ file: path, channelId, reasons: [`channel_id: ${channelId} stands in ${holder}, which counts`] });
  }
  const problems = wrong.map((problem) => {
    const kept = before.lastGood.get(problem.file);
    if (kept === undefined) return problem;
    if (!holders.has(kept.channelId)) take(problem.file, kept);
    return { ...problem, channelId: problem.channelId ?? kept.channelId };
  });
  const removed = before.state.channels.filter(({ channelId }) => !holders.has(channelId)).map(inactive);
  const channels = [...lastGood.values(), ...removed].sort((a, b) => (a.channelId < b.channelId ? -1 : 1));
  return { state: { channels, problems }, lastGood };
}

const inactive = (channel: Channel): Channel => ({ ...channel, share: { ...channel.share, isActive: false } });

/** A folder that is gone for a moment, as while it is mounted anew, removes no channel. */
function withoutFolder(folder: string, reason: string, { state, lastGood }: Known): Known {
  return { state: { ...state, problems: [{ file: folder, channelId: null, reasons: [reason] }] }, lastGood };
}

function report(log: Log, { channels, problems }: ChannelFilesState, before: readonly ChannelFileProblem[]): void {
  const said = new Set(before.map((problem) => JSON.stringify(problem)));
  for (const problem of problems) {
    if (!said.has(JSON.stringify(problem))) log.error({ ...problem }, "a channel file is wrong");
  }
  const active = channels.filter(({ share }) => share.isActive).length;
  log.info({ channels: channels.length, active, problems: problems.length }, "channel files read");
}

async function readFolder(folder: string): Promise<readonly ChannelFile[]> {
  const names = (await readdir(folder)).filter((name) => /^[^._].*\.ya?ml$/.test(name)).sort();
  const files = await Promise.all(names.map((name) => readChannelFile(join(folder, name))));
  return files.filter((file) => file !== undefined);
}

/** undefined: gone since the folder was listed. */
async function readChannelFile(path: string): Promise<ChannelFile | undefined> {
  try {
    const found = await stat(path);
    // reading a pipe would wait for ever
    if (!found.isFile()) return { path, content: { problem: "is no file" } };
    if (found.size > MAX_BYTES) return { path, content: { problem: `is larger than ${MAX_BYTES} bytes` } };
    return { path, content: { text: await readFile(path, "utf8") } };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return { path, content: { problem: problemOf(error) } };
  }
}

const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
