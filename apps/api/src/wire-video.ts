import { createLibraryStore, createTaskStore, createTaskWork, type Database } from "@millrace/db";
import { videoSpecSettings } from "@millrace/pipelines";
import { createCredentialBox, parseCredentialKeys } from "@millrace/providers";
import type { ApiConfig } from "./config.ts";
import type { ApiNeeds } from "./create-api.ts";
import { createFileLinks } from "./file-links.ts";

/** The task database, and what seals channels' credentials. Throws without a part of the keys when they are wrong. */
export function wireVideo({ CREDENTIAL_KEYS }: Pick<ApiConfig, "CREDENTIAL_KEYS">, db: Database): ApiNeeds["video"] {
  return {
    tasks: createTaskStore(db),
    work: createTaskWork(db),
    library: createLibraryStore(db),
    ...sealing(CREDENTIAL_KEYS),
  };
}

function sealing(written: string | undefined): Pick<ApiNeeds["video"], "box" | "links"> {
  if (written === undefined) return { box: null, links: null };
  const [current = "", ...old] = written.split(",");
  const keys = parseCredentialKeys({ current, old: old.join(",") });
  return { box: createCredentialBox({ keys }), links: createFileLinks(keys) };
}

export const videoSettings = (config: ApiConfig) =>
  videoSpecSettings({
    images: config.IMAGE_PROVIDER,
    clips: config.CLIP_PROVIDER,
    voices: config.VOICE_PROVIDER,
    sounds: config.SOUND_PROVIDER,
    publisher: config.PUBLISHER,
    uploadUnits: config.UPLOAD_QUOTA_UNITS,
  });
