import { type Lifecycle, nextState } from "@millrace/core";

type AnyLifecycle = Lifecycle<string, string, string>;

/** The page of docs/lifecycles/ that shows a lifecycle: its picture and its whole matrix. */
export function lifecyclePage(lifecycle: AnyLifecycle): string {
  return [
    `# Lifecycle of a ${lifecycle.name}`,
    "",
    "Generated from the table in `packages/core/src/lifecycle` by `npm run lifecycles`; do not edit.",
    "What is not drawn here cannot happen: every change of status is one arrow, applied by one conditional statement.",
    "",
    "```mermaid",
    ...diagram(lifecycle),
    "```",
    "",
    ...matrix(lifecycle),
    "",
    `Starts as \`${lifecycle.initial}\`. Never left: ${lifecycle.terminal.map((state) => `\`${state}\``).join(", ")}.`,
    "",
  ].join("\n");
}

function diagram(lifecycle: AnyLifecycle): string[] {
  const labels = new Map<string, string[]>();
  for (const from of lifecycle.states) {
    for (const { event } of lifecycle.transitions) {
      const to = nextState(lifecycle, from, event);
      if (to === undefined) continue;
      const arrow = `${from} --> ${to}`;
      labels.set(arrow, [...(labels.get(arrow) ?? []), event]);
    }
  }
  return [
    "stateDiagram-v2",
    `  [*] --> ${lifecycle.initial}`,
    ...[...labels].map(([arrow, events]) => `  ${arrow}: ${events.join(", ")}`),
    ...lifecycle.terminal.map((state) => `  ${state} --> [*]`),
  ];
}

function matrix(lifecycle: AnyLifecycle): string[] {
  const rows = [
    ["event", "by", ...lifecycle.states.map((state) => `from ${state}`)],
    ...lifecycle.transitions.map(({ event, by }) => [
      `\`${event}\``,
      by,
      ...lifecycle.states.map((state) => nextState(lifecycle, state, event) ?? "·"),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const [head = "", ...body] = rows.map((row) => line(row.map((cell, column) => cell.padEnd(widths[column] ?? 0))));
  return [head, line(widths.map((width) => "-".repeat(width))), ...body];
}
