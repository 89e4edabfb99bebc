import type { Lane, LaneSetting } from "@millrace/core";
import type { Query } from "../database.ts";

/** Without a leader nobody measures, and nobody would empty the window: new jobs then go to the backlog. */
const ROOM_IS_KNOWN_FOR = "interval '10 seconds'";

const LANE_SETTINGS = `
select lane, is_paused, window_tickets,
  has_room and coalesce(measured_at > now() - ${ROOM_IS_KNOWN_FOR}, false) as has_room
from queue_settings order by lane
`;

export async function readLaneSettings(query: Query): Promise<LaneSetting[]> {
  const rows = await query<{ lane: Lane; is_paused: boolean; window_tickets: number; has_room: boolean }>(
    LANE_SETTINGS,
  );
  return rows.map((row) => ({
    lane: row.lane,
    isPaused: row.is_paused,
    windowTickets: row.window_tickets,
    hasRoom: row.has_room,
  }));
}

const PUBLISH_ROOM = `
insert into queue_settings (lane, has_room, measured_at) values ($1, $2::int::bool, now())
on conflict (lane) do update set has_room = excluded.has_room, measured_at = excluded.measured_at
`;

export async function publishRoom(query: Query, lane: Lane, hasRoom: boolean): Promise<void> {
  await query(PUBLISH_ROOM, [lane, Number(hasRoom)]);
}
