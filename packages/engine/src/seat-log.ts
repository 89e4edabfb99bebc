import type { Log } from "@millrace/core";
import type { FromSeat, LogLevel } from "./stage-protocol.ts";

/** The log of a stage that runs elsewhere: lines travel as data to where they are written. */
export function seatLog(
  post: (message: FromSeat) => void,
  id: number,
  bound: Readonly<Record<string, unknown>> = {},
): Log {
  const at = (level: LogLevel) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    const { err, ...plain } = { ...bound, ...fields };
    const sent = JSON.parse(JSON.stringify(err === undefined ? plain : { ...plain, error: String(err) })) as Readonly<
      Record<string, unknown>
    >;
    post({ kind: "log", id, level, fields: sent, message });
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => seatLog(post, id, { ...bound, ...fields }),
  };
}
