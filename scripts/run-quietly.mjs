import { spawn } from "node:child_process";
import { ROOT } from "./workspaces.mjs";

const SAY_AFTER_MS = 1_500;
const SAY_AGAIN_MS = 10_000;

/**
 * Runs a command and keeps what it prints to itself, unless it fails. Says what is going on when that takes longer
 * than a person waits without asking. Resolves to the exit code.
 */
export function runQuietly(text, command, args, env = {}) {
  return new Promise((resolve) => {
    const startedAt = Date.now();
    let output = "";
    let hasSpoken = false;
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    const first = setTimeout(() => {
      hasSpoken = true;
      console.log(`${text} …`);
    }, SAY_AFTER_MS);
    const again = setInterval(() => {
      console.log(`${text} … ${Math.round((Date.now() - startedAt) / 1000)} s`);
    }, SAY_AGAIN_MS);
    const finish = (code) => {
      clearTimeout(first);
      clearInterval(again);
      if (code !== 0) console.error(output.trim());
      else if (hasSpoken) console.log(`${text}: done in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
      resolve(code);
    };
    child.once("error", (error) => {
      output += error.message;
      finish(1);
    });
    child.once("close", (code, signal) => finish(signal === null ? (code ?? 1) : 1));
  });
}
