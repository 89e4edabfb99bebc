import type { Finding } from "@millrace/core";
import type { Colour } from "../colour.ts";

const SEVERITIES = ["fatal", "warning", "ok"] as const satisfies readonly Finding["severity"][];

/** The worst of them. */
export function overall(findings: readonly Finding[]): Finding["severity"] {
  return SEVERITIES.find((severity) => findings.some((finding) => finding.severity === severity)) ?? "ok";
}

/** A line per finding, what to do below those that are not ok, and a sum. */
export function showFindings(findings: readonly Finding[], colour: Colour): string[] {
  const paint = { ok: colour.green, warning: colour.yellow, fatal: colour.red };
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, severity, message, fix }) => {
    const line = `${paint[severity](severity.padEnd(7))}  ${check.padEnd(width)}  ${withoutStop(message)}`;
    return severity === "ok" || fix === undefined ? [line] : [line, `${" ".repeat(width + 11)}→ ${withoutStop(fix)}`];
  });
  const counts = SEVERITIES.map((severity) => ({
    severity,
    count: findings.filter((finding) => finding.severity === severity).length,
  }));
  const sum = counts
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => paint[severity](`${count} ${severity}`));
  return [...lines, "", sum.join(", ")];
}

/** Checks of different packages end their messages differently. */
function withoutStop(message: string): string {
  return message.replace(/\.$/, "");
}
