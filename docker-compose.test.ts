import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readConfig as readApiConfig } from "./apps/api/src/config.ts";
import { readConfig as readDashboardConfig } from "./apps/dashboard/src/config.ts";
import { readConfig as readWorkerConfig } from "./apps/worker/src/config.ts";

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
  readonly ports?: readonly string[];
  readonly container_name?: string;
  readonly stop_grace_period?: string;
  readonly logging?: unknown;
}

const fileAt = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const source = fileAt("./docker-compose.yml");
const { services } = parse(source, { merge: true }) as { readonly services: Readonly<Record<string, Service>> };
const serviceCalled = (name: string): Service => {
  const service = services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
};

const SECRETS = { POSTGRES_PASSWORD: "one", REDIS_PASSWORD: "two", DASHBOARD_PASSWORD: "three-three" };

/** Fills `${NAME}`, `${NAME:-default}` and `${NAME:?message}` in as Compose does. */
function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(?<name>\w+)(?:(?<kind>:[-?])(?<rest>[^}]*))?\}/g, (...match) => {
    const { name, kind, rest } = match.at(-1) as { name: string; kind?: string; rest?: string };
    const value = env[name];
    if (value !== undefined && value !== "") return value;
    if (kind === ":?") throw new Error(`${name} is required: ${rest}`);
    return kind === ":-" ? (rest ?? "") : "";
  });
}

function environmentOf(name: string, env: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(serviceCalled(name).environment ?? {}).flatMap(([key, value]) => {
    const filled = value === null ? env[key] : interpolate(value, env);
    return filled === undefined ? [] : [[key, filled] as const];
  });
  return Object.fromEntries(entries);
}

const seconds = (text: string | undefined): number => Number(/^(\d+)s$/.exec(text ?? "")?.[1]);

describe("docker-compose.yml", () => {
  test("has the stores, the one-shot migration and the three programs", () => {
    expect(Object.keys(services).sort()).toEqual(["api", "dashboard", "migrate", "postgres", "redis", "worker"]);
  });

  test.each(Object.entries(services))(
    "%s: pinned image, health check, restart policy, bounded logs",
    (name, service) => {
      if (service.build === undefined) expect(service.image).toMatch(/^[a-z]+:\d+\.\d+(\.\d+)?-bookworm$/);
      expect(service.healthcheck === undefined).toBe(name === "migrate");
      expect(service.restart).toBe(name === "migrate" ? "on-failure" : "unless-stopped");
      expect(service.logging).toBeDefined();
    },
  );

  test.each(Object.entries(services))("%s waits only for what can be waited for", (_, service) => {
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      const isOneShot = serviceCalled(other).restart === "on-failure";
      expect(condition).toBe(isOneShot ? "service_completed_successfully" : "service_healthy");
    }
  });

  test.each(["migrate", "api", "worker", "dashboard"])("%s runs a program that exists", (name) => {
    const [node, path = ""] = serviceCalled(name).command ?? [];
    expect(node).toBe("node");
    const main = path.replace("/dist/", "/src/").replace(/\.js$/, ".ts");
    expect(existsSync(new URL(main, import.meta.url)), main).toBe(true);
  });

  test.each([
    ["api", readApiConfig],
    ["worker", readWorkerConfig],
    ["dashboard", readDashboardConfig],
  ] as const)("%s accepts the settings it is given, and knows every one of them", (name, readConfig) => {
    const optional = {
      LLM_BASE_URL: "https://llm.example.com/v1",
      LLM_API_KEY: "k",
      LLM_MODEL: "m",
      YOUTUBE_API_KEY: "y",
    };
    for (const env of [SECRETS, { ...SECRETS, ...optional, ANALYSER: "language_model" }]) {
      const given = environmentOf(name, env);
      const known = Object.keys(readConfig(given));
      expect(known).toEqual(expect.arrayContaining(Object.keys(given)));
    }
  });

  test("Redis evicts nothing and writes a log of its own", () => {
    const command = (serviceCalled("redis").command ?? []).join(" ");
    expect(command).toContain("--maxmemory-policy noeviction");
    expect(command).toContain("--appendonly yes");
  });

  test("workers scale: no name, no published port, and time to stop by themselves", () => {
    const worker = serviceCalled("worker");
    expect(worker.container_name).toBeUndefined();
    expect(worker.ports).toBeUndefined();
    const { SOFT_STOP_MS, HARD_STOP_MS } = readWorkerConfig(environmentOf("worker", SECRETS));
    expect(seconds(worker.stop_grace_period) * 1_000).toBeGreaterThan(SOFT_STOP_MS + 2 * HARD_STOP_MS);
    const { STOP_TIMEOUT_MS } = readApiConfig(environmentOf("api", SECRETS));
    expect(seconds(serviceCalled("api").stop_grace_period) * 1_000).toBeGreaterThan(STOP_TIMEOUT_MS);
  });

  test("a secret has no default and nothing starts without it", () => {
    for (const missing of Object.keys(SECRETS)) {
      const env = Object.fromEntries(Object.entries(SECRETS).filter(([name]) => name !== missing));
      expect(() => interpolate(source, env)).toThrow(`${missing} is required`);
    }
    expect(() => interpolate(source, SECRETS)).not.toThrow();
  });

  test("publishes on loopback unless told otherwise", () => {
    for (const name of ["api", "dashboard"]) {
      for (const port of serviceCalled(name).ports ?? []) expect(interpolate(port, SECRETS)).toMatch(/^127\.0\.0\.1:/);
    }
  });

  test(".env.example names every variable that Compose reads, and no secret's value", () => {
    const example = fileAt("./.env.example");
    const named = new Set([...example.matchAll(/^#?(?<name>[A-Z_]+)=/gm)].map((match) => match.groups?.["name"]));
    const read = [...source.matchAll(/\$\{(?<name>\w+)/g)].map((match) => match.groups?.["name"]);
    const passedOn = Object.values(services).flatMap(({ environment = {} }) =>
      Object.entries(environment).flatMap(([name, value]) => (value === null ? [name] : [])),
    );
    expect([...named]).toEqual(expect.arrayContaining([...read, ...passedOn]));
    for (const secret of Object.keys(SECRETS)) expect(example).toMatch(new RegExp(`^${secret}=$`, "m"));
  });
});

describe("Dockerfile", () => {
  const dockerfile = fileAt("./Dockerfile");

  test("pins Node and does not run as root", () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map((match) => match[1]);
    expect(new Set(bases)).toEqual(new Set([expect.stringMatching(/^node:20\.\d+\.\d+-bookworm-slim$/)]));
    expect(dockerfile.split(/^FROM /m).at(-1)).toMatch(/^USER node$/m);
  });

  test("no secret and no machine's own files reach the image", () => {
    const ignored = fileAt("./.dockerignore").split("\n");
    expect(ignored).toEqual(
      expect.arrayContaining([".env", ".env.*", ".git", ".millrace", "**/node_modules", "**/dist"]),
    );
  });
});
