import { join } from "node:path";
import type { CliConfig } from "../config.ts";

/** Beside those of `npm start`, which may be up. */
const PORTS = { PORT: 3_010, DASHBOARD_PORT: 3_011 } as const;
/** Smaller than a published video's, so that it is soon made. */
const FRAME = "1280x720";
/** What a person has set for their own Millrace would spend money here, or speak to people. */
const NOT_FOR_DEMOS =
  /_PROVIDER$|^PUBLISHER$|^NOTION_|^CHANNEL_CONFIGS_DIR$|^CHANNELS_OWNER$|^ALERT_|^CREDENTIAL_KEYS$|^LANES$|^PIPELINE_MODULES$|^BLOB_URL$|^DATABASE_URL$|^REDIS_URL$/;

/** A Millrace of its own in a folder of its own, whatever is up or set elsewhere. */
export function demoConfig(config: CliConfig): CliConfig {
  const { DATABASE_URL: _, REDIS_URL: __, BLOB_URL: ___, ...rest } = config;
  const kept = Object.entries(config.inherited).filter(([name]) => !NOT_FOR_DEMOS.test(name));
  const inherited = { ...Object.fromEntries(kept), VIDEO_FRAME: config.inherited["VIDEO_FRAME"] ?? FRAME };
  return { ...rest, ...PORTS, dataDir: join(config.dataDir, "demo-video"), inherited };
}
