import { execFile } from "node:child_process";

/** The commit this checkout stands at; undefined outside one. */
export function gitSha(root: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile("git", ["rev-parse", "--short=12", "HEAD"], { cwd: root, timeout: 2_000 }, (error, stdout) => {
      resolve(error === null ? stdout.trim() : undefined);
    });
  });
}
