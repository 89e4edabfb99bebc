export {};

/** What the global set-up hands to every test file. */
declare module "vitest" {
  interface ProvidedContext {
    /** A database no test writes to; its server holds the template and the clones. */
    millraceAdminUrl: string;
    /** The name of the migrated database that tests clone. */
    millraceTemplate: string;
    /** Undefined when no Redis could be had. */
    millraceRedisUrl: string | undefined;
    millraceRedisProblem: string | undefined;
  }
}
