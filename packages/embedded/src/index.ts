export type { EmbeddedStore } from "./embedded-store.ts";
export { freePort } from "./free-port.ts";
export { keptPostgresUrl, keptRedisUrl } from "./kept-address.ts";
export { identityOf, isAlive, waitForExit } from "./live-process.ts";
export type { OnProgress } from "./narrate.ts";
export { keptPassword, readIfThere, writePrivately } from "./private-file.ts";
export { askRedis, type RedisReply } from "./resp.ts";
export { type StartPostgresOptions, startPostgres } from "./start-postgres.ts";
export { type StartRedisOptions, startRedis } from "./start-redis.ts";
