import type { Pool } from "pg";
import type { ServerCheck } from "./server-check.ts";

const REQUIRED_MAJOR = 15;

export async function checkPostgresServer(pool: Pool): Promise<ServerCheck> {
  const { rows } = await pool.query<{ number: number; version: string }>(
    "SELECT current_setting('server_version_num')::int AS number, split_part(current_setting('server_version'), ' ', 1) AS version",
  );
  const { number, version } = rows[0]!;
  const isOld = Math.floor(number / 10_000) < REQUIRED_MAJOR;
  const fix = { fix: `Update it to PostgreSQL ${REQUIRED_MAJOR} or newer.` };
  return {
    server: `PostgreSQL ${version}`,
    version,
    findings: [
      {
        check: "queue_postgres_version",
        severity: isOld ? "fatal" : "ok",
        message: `The queue runs in PostgreSQL ${version}${isOld ? ", which is too old" : ""}.`,
        ...(isOld && fix),
      },
    ],
  };
}
