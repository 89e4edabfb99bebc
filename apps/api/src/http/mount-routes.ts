import { type Route, type RouteId, routes } from "@millrace/contracts";
import type { Express, Request, RequestHandler, Response } from "express";
import type { z } from "zod";
import type { Authenticate } from "../auth/authenticate.ts";
import type { Principal } from "../auth/principal.ts";
import { checkStorable } from "./check-json-value.ts";
import type { Call, Endpoint, Endpoints } from "./endpoint.ts";
import { fingerprintOf, readIdempotencyKey } from "./idempotency.ts";
import { readJson } from "./read-json.ts";
import { readQuery } from "./read-query.ts";
import { problemOfZodError, requestProblem } from "./request-problem.ts";
import { sendJson, sendNothing, sendStream } from "./send.ts";

export interface MountNeeds {
  readonly endpoints: Endpoints;
  readonly authenticate: Authenticate;
  /** Runs after authentication. */
  readonly rateLimit: RequestHandler | null;
  readonly maxJsonBytes: number;
  /** For routes whose body carries a text. */
  readonly maxLargeJsonBytes: number;
}

const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ":$1");

const table = Object.entries(routes) as [RouteId, Route][];

/** The methods of each path, as Allow names them. */
function methodsByPath(): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>();
  for (const [, { path, method }] of table) {
    const named = method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()];
    methods.set(path, [...(methods.get(path) ?? []), ...named]);
  }
  return methods;
}

/** Whether `path` also fits the pattern of another route, which would take the methods that `path` does not have. */
const isShadowed = (path: string): boolean =>
  !path.includes("{") &&
  table.some(
    ([, other]) => other.path !== path && new RegExp(`^${other.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path),
  );

/** Mounts the route table and nothing else; a method that a path does not have is answered 405. */
export function mountRoutes(app: Express, needs: MountNeeds): void {
  const unrefused = new Map(methodsByPath());
  const refuseOthers = (path: string): void => {
    app.all(expressPath(path), refusal(unrefused.get(path) ?? []));
    unrefused.delete(path);
  };
  const lastOf = new Map(table.map(([id, { path }]) => [path, id]));
  for (const [id, route] of table) {
    const path = expressPath(route.path);
    const steps = [
      authentication(route, needs.authenticate),
      ...(needs.rateLimit && route.scope ? [needs.rateLimit] : []),
    ];
    app[route.method](path, ...steps, answering(route, needs.endpoints[id] as unknown as Endpoint<Route>, needs));
    if (lastOf.get(route.path) === id && isShadowed(route.path)) refuseOthers(route.path);
  }
  for (const path of [...unrefused.keys()]) refuseOthers(path);
}

const hasProof = ({ headers }: Request): boolean =>
  headers.authorization !== undefined || headers["signature"] !== undefined;

function authentication(route: Route, authenticate: Authenticate): RequestHandler {
  const { scope } = route;
  return async (request, response, next) => {
    const isOpen = scope === null || (route.isKeyOptional && !hasProof(request));
    const principal = isOpen ? null : await authenticate(request, scope);
    if (route.isAdminOnly && !principal?.isAdmin) throw requestProblem("FORBIDDEN", "This is for admin keys only.");
    response.locals["principal"] = principal;
    next();
  };
}

function refusal(methods: readonly string[]): RequestHandler {
  const allow = methods.join(", ");
  return (request, response) => {
    response.setHeader("allow", allow);
    throw requestProblem("METHOD_NOT_ALLOWED", `${request.method} is not allowed here; allowed: ${allow}.`);
  };
}

function answering(route: Route, endpoint: Endpoint<Route>, needs: MountNeeds): RequestHandler {
  const maxBytes = route.body?.kind === "json" && route.body.isLarge ? needs.maxLargeJsonBytes : needs.maxJsonBytes;
  return async (request, response) => {
    const answer = await endpoint(await readCall(route, request, response, maxBytes));
    if (answer.stream) await sendStream(response, answer.stream, answer);
    else if (answer.body === null) sendNothing(response, answer);
    else sendJson(response, answer);
  };
}

async function readCall(route: Route, request: Request, response: Response, maxBytes: number): Promise<Call<Route>> {
  const principal = response.locals["principal"] as Principal;
  const params = route.params ? readParams(route.params, request) : {};
  const rawQuery = readQuery(request);
  const query = route.query ? check(route.query, rawQuery) : rawQuery;
  const idempotencyKey = route.isIdempotent ? readIdempotencyKey(request.headers["idempotency-key"]) : null;
  let body: unknown;
  let fingerprint: string | null = null;
  if (route.body?.kind === "json" || (route.body?.kind === "json_or_multipart" && !isForm(request))) {
    const content = await readJson(request, maxBytes);
    if (content === undefined && !("isOptional" in route.body)) {
      throw requestProblem("VALIDATION_FAILED", "A JSON body is required.", [
        { field: "body", rule: "required", message: "is required" },
      ]);
    }
    body = check(route.body.schema, content ?? {});
    if (idempotencyKey !== null) {
      fingerprint = fingerprintOf({ method: request.method, path: request.path, query: rawQuery, content });
    }
  }
  return { principal, params, query, rawQuery, body, idempotencyKey, fingerprint, request } as unknown as Call<Route>;
}

const isForm = (request: Request): boolean => /^multipart\//i.test(request.headers["content-type"] ?? "");

/** An id that cannot exist is as absent as one that does not. */
function readParams(schema: NonNullable<Route["params"]>, request: Request): unknown {
  const parsed = schema.safeParse(request.params);
  if (parsed.success) {
    checkStorable(parsed.data, "path");
    return parsed.data;
  }
  throw requestProblem("NOT_FOUND", "There is nothing of that id.");
}

function check(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw problemOfZodError(parsed.error);
  return parsed.data;
}
