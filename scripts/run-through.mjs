import { spawn } from "node:child_process";
import { ROOT } from "./workspaces.mjs";

/** Runs a Node program in our terminal and resolves to its exit code. Ctrl-C reaches it directly; we wait for it. */
export function runThrough(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.once("error", (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.once("close", (code) => resolve(code ?? 1));
  });
}
