import { type Lifecycle, nextState } from "@millrace/core";

type AnyLifecycle = Lifecycle<string, string, string>;

/** The page of docs/lifecycles/ that shows a lifecycle: its picture and its whole matrix. */
export function lifecyclePage(lifecycle: AnyLifecycle, source: string): string {
  return [
    `# Lifecycle of a ${lifecycle.name}`,
    "",
    `Generated from the table in \`${source}\` by \`npm run lifecycles\`; do not edit.`,
    "What is not drawn here cannot happen: every change of status is one arrow, applied by one conditional statement.",
    "",
    "```mermaid",
    ...diagram(lifecycle),
    "```",
    "",
    ...(lifecycle.states.length > MAX_COLUMNS ? arrows(lifecycle) : matrix(lifecycle)),
    "",
    `Starts as \`${lifecycle.initial}\`. ${endOf(lifecycle)}`,
    "",
  ].join("\n");
}

/** A table with a column for each state is read up to here. */
const MAX_COLUMNS = 8;

function endOf({ terminal }: AnyLifecycle): string {
  if (terminal.length === 0) return "No state is final.";
  return `Never left: ${terminal.map((state) => `\`${state}\``).join(", ")}.`;
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

/** A line for each state: where it may go, by which event, and who may cause it. */
function arrows(lifecycle: AnyLifecycle): string[] {
  const rows = lifecycle.states.map((state, place) => {
    const out = lifecycle.transitions.flatMap(({ event, by }) => {
      const to = nextState(lifecycle, state, event);
      return to === undefined ? [] : [`\`${to}\` (${event}, ${by})`];
    });
    return [String(place + 1), `\`${state}\``, out.join(", ")];
  });
  return table([["#", "from", "to"], ...rows]);
}

function matrix(lifecycle: AnyLifecycle): string[] {
  return table([
    ["event", "by", ...lifecycle.states.map((state) => `from ${state}`)],
    ...lifecycle.transitions.map(({ event, by }) => [
      `\`${event}\``,
      by,
      ...lifecycle.states.map((state) => nextState(lifecycle, state, event) ?? "·"),
    ]),
  ]);
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const [head = "", ...body] = rows.map((row) => line(row.map((cell, column) => cell.padEnd(widths[column] ?? 0))));
  return [head, line(widths.map((width) => "-".repeat(width))), ...body];
}
