import { createLibraryStore, createTaskStore, createTaskWork, type Database } from "@millrace/db";
import { videoSpecSettings } from "@millrace/pipelines";
import { type CredentialBox, createCredentialBox, parseCredentialKeys } from "@millrace/providers";
import type { ApiConfig } from "./config.ts";
import type { ApiNeeds } from "./create-api.ts";

/** The task database, and what seals channels' credentials. Throws without a part of the keys when they are wrong. */
export function wireVideo({ CREDENTIAL_KEYS }: Pick<ApiConfig, "CREDENTIAL_KEYS">, db: Database): ApiNeeds["video"] {
  return {
    tasks: createTaskStore(db),
    work: createTaskWork(db),
    library: createLibraryStore(db),
    box: boxOf(CREDENTIAL_KEYS),
  };
}

function boxOf(keys: string | undefined): CredentialBox | null {
  if (keys === undefined) return null;
  const [current = "", ...old] = keys.split(",");
  return createCredentialBox({ keys: parseCredentialKeys({ current, old: old.join(",") }) });
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
