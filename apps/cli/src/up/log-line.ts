import type { Colour } from "../colour.ts";

const LEVELS: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "WARN",
  50: "ERROR",
  60: "FATAL",
};
const HIDDEN = new Set(["level", "time", "msg", "pid", "hostname", "v"]);
/** Longer values are for a log store, not for a person who looks on. */
const MAX_FIELD = 160;
/** A line that reports no trouble should stay a line. */
const MAX_CALM_FIELDS = 120;

function fieldText([name, value]: readonly [string, unknown]): string {
  const isError = name === "err" && typeof value === "object" && value !== null && "message" in value;
  const text = isError ? String(value.message) : typeof value === "string" ? value : JSON.stringify(value);
  return `${name}=${text.length > MAX_FIELD ? `${text.slice(0, MAX_FIELD)}…` : text}`;
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === "object" && parsed !== null && "msg" in parsed
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A JSON log line as a person reads it; any other line as it is. */
export function readableLine(line: string, colour: Colour): string {
  const fields = parse(line);
  if (fields === undefined) return line;
  const level = Number(fields["level"]);
  const time = new Date(Number(fields["time"]) || Date.now()).toTimeString().slice(0, 8);
  const rest = Object.entries(fields).filter(([name]) => !HIDDEN.has(name));
  const text = rest.map(fieldText).join(" ");
  const shown = level < 40 && text.length > MAX_CALM_FIELDS ? `${text.slice(0, MAX_CALM_FIELDS)}…` : text;
  const name = (LEVELS[level] ?? String(level)).padEnd(5);
  const painted = level >= 50 ? colour.red(name) : level >= 40 ? colour.yellow(name) : name;
  return [colour.dim(time), painted, String(fields["msg"]), colour.dim(shown)].join(" ").trimEnd();
}

/** Cuts a stream of chunks into lines; what is left when it ends is a line too. */
export function eachLine(stream: NodeJS.ReadableStream, use: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) use(line);
  });
  stream.on("end", () => {
    if (rest !== "") use(rest);
  });
}
