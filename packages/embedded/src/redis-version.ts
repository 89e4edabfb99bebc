import { runCommand } from "./run-command.ts";

export interface RedisBinary {
  readonly command: string;
  /** Where a private copy keeps the shared libraries the system lacks. */
  readonly libraryPath?: string;
  readonly how: string;
}

/** BullMQ needs 6.2 for the stream and list commands it uses. */
const OLDEST = [6, 2] as const;

/** Prints "Redis server v=7.0.15 sha=…" or "Valkey server v=8.0.1 sha=…". Undefined when it does not run or is too old. */
export async function usableVersion(command: string, libraryPath?: string): Promise<string | undefined> {
  const args = libraryPath === undefined ? [command] : [`LD_LIBRARY_PATH=${libraryPath}`, command];
  const { exitCode, output } = await runCommand("env", [...args, "--version"], { timeoutMs: 10_000 });
  const found = /(Redis|Valkey) server v=(\d+)\.(\d+)\.(\d+)/.exec(output);
  if (exitCode !== 0 || found === null) return undefined;
  const [major, minor] = [Number(found[2]), Number(found[3])];
  const isOldEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  return isOldEnough ? `${found[1]} ${found[2]}.${found[3]}.${found[4]}` : undefined;
}

export type FoundRedis = RedisBinary | { readonly unavailable: string };
