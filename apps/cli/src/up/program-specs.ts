import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ProgramSpec } from "./child-program.ts";

export interface ProgramSettings {
  readonly root: string;
  readonly inherited: Readonly<NodeJS.ProcessEnv>;
  readonly gitSha: string | undefined;
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  readonly blobUrl: string;
  readonly spoolFolder: string;
  readonly workFolder: string;
  readonly apiPort: number;
  readonly dashboardPort: number;
  readonly dashboardPassword: string;
  readonly workers: number;
  readonly logLevel: string;
  readonly allowLoopback: boolean;
}

/** The worker's own limits are 20 s for stages to finish and 5 s to hand back the rest. */
const STOP_MS = { api: 12_000, worker: 30_000, dashboard: 5_000 } as const;

/** What each program is started with. Settings a person made (keys, models, limits) reach all of them. */
export function programSpecs(settings: ProgramSettings): readonly ProgramSpec[] {
  const { NODE_OPTIONS: _, REDIS_URL: __, QUEUE_BACKEND: ___, ...inherited } = settings.inherited;
  const shared = {
    ...(settings.gitSha && { GIT_SHA: settings.gitSha }),
    ...inherited,
    DATABASE_URL: settings.databaseUrl,
    ...(settings.redisUrl === undefined ? { QUEUE_BACKEND: "postgres" } : { REDIS_URL: settings.redisUrl }),
    BLOB_URL: settings.blobUrl,
    SPOOL_DIR: settings.spoolFolder,
    WORK_DIR: settings.workFolder,
    LOG_LEVEL: settings.logLevel,
    ALLOW_LOOPBACK: String(settings.allowLoopback),
  };
  const fileOf = (app: string): string => {
    const file = join(settings.root, "apps", app, "dist", "main.js");
    if (!existsSync(file)) throw new Error(`${file} is missing: run npm run build`);
    return file;
  };
  const workers = Array.from({ length: settings.workers }, (_, index) => ({
    name: settings.workers === 1 ? "worker" : `worker-${index + 1}`,
    file: fileOf("worker"),
    env: shared,
    stopMs: STOP_MS.worker,
  }));
  return [
    { name: "api", file: fileOf("api"), env: { ...shared, PORT: String(settings.apiPort) }, stopMs: STOP_MS.api },
    ...workers,
    {
      name: "dashboard",
      file: fileOf("dashboard"),
      env: { ...shared, PORT: String(settings.dashboardPort), DASHBOARD_PASSWORD: settings.dashboardPassword },
      stopMs: STOP_MS.dashboard,
    },
  ];
}
