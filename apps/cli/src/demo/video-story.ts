/** Small enough for two busy cores and a few minutes; every gate asks. */
export const DEMO_CHANNEL = {
  channel_id: "demo",
  channel_name: "Stories from the coast",
  notion_database_id: null,
  scale: { assets: 4, clips: 3, seconds: 12 },
  default_privacy: "public",
  tags: ["demo", "lighthouse"],
  description_template: "Made by millrace demo-video, on one machine and without an account.",
} as const;

export const DEMO_TASK = {
  channel_id: DEMO_CHANNEL.channel_id,
  title: "The keeper of the northern light",
  topic: "A lighthouse keeper, a storm at sea, and the ship that found its way home",
  story_direction:
    "Begin at dusk on a rocky coast. The keeper climbs the tower with a lantern while rain and wind rise. End with the ship in calm water at dawn.",
  narration_scripts: [
    "Every evening the keeper climbs the tower and lights the lamp.",
    "One night a storm comes in from the sea, and a ship is lost in it.",
    "All night the light turns. At dawn the ship lies safe in the bay.",
  ],
  sfx_descriptions: [
    "waves on rocks, a light wind",
    "a storm at sea with rain and strong wind",
    "calm water and birds at dawn",
  ],
} as const;
