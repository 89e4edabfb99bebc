import type { Log } from "@millrace/core";

/** A child logger made on first use: most stages log nothing, and a pino child costs more than a claim's share of a batch. */
export function lazyChild(parent: Log, fields: Readonly<Record<string, unknown>>): Log {
  let child: Log | undefined;
  const log = (): Log => {
    child ??= parent.child(fields);
    return child;
  };
  return {
    debug: (f, m) => log().debug(f, m),
    info: (f, m) => log().info(f, m),
    warn: (f, m) => log().warn(f, m),
    error: (f, m) => log().error(f, m),
    child: (more) => lazyChild(parent, { ...fields, ...more }),
  };
}
