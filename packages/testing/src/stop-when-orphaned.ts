import { spawn } from "node:child_process";

/** SIGQUIT is Postgres' immediate shutdown, which leaves no session behind. The folder's stores wrote these files. */
const SCRIPT = `
read -r _ && exit 0
stop() { if [ -f "$2" ]; then kill "-$1" "$(head -n 1 "$2")"; fi; }
stop QUIT "$0/postgres/cluster/postmaster.pid"
stop TERM "$0/redis/pid"
sleep 1
rm -rf "$0"
`;

/**
 * Ends the stores in the folder's `postgres` and `redis` and removes it when this process is killed before it
 * could: the pipe to the watching shell breaks then. `release` is for the orderly end, when nothing is left to watch.
 */
export function stopWhenOrphaned(folder: string): { release(): void } {
  const watcher = spawn("sh", ["-c", SCRIPT, folder], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  watcher.unref();
  watcher.stdin.on("error", () => {});
  (watcher.stdin as unknown as { unref(): void }).unref();
  return { release: () => void watcher.stdin.end("done\n") };
}
