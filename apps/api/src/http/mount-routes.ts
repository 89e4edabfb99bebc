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
import { sendJson, sendStream } from "./send.ts";

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

/** Mounts the route table and nothing else; a method that a path does not have is answered 405. */
export function mountRoutes(app: Express, needs: MountNeeds): void {
  const methodsByPath = new Map<string, string[]>();
  for (const [id, route] of Object.entries(routes) as [RouteId, Route][]) {
    const path = expressPath(route.path);
    const steps = [
      authentication(route, needs.authenticate),
      ...(needs.rateLimit && route.scope ? [needs.rateLimit] : []),
    ];
    app[route.method](path, ...steps, answering(route, needs.endpoints[id] as unknown as Endpoint<Route>, needs));
    const methods = route.method === "get" ? ["GET", "HEAD"] : [route.method.toUpperCase()];
    methodsByPath.set(path, [...(methodsByPath.get(path) ?? []), ...methods]);
  }
  for (const [path, methods] of methodsByPath) app.all(path, refusal(methods));
}

function authentication(route: Route, authenticate: Authenticate): RequestHandler {
  const { scope } = route;
  return async (request, response, next) => {
    response.locals["principal"] = scope === null ? null : await authenticate(request, scope);
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
  if (route.body?.kind === "json") {
    const content = await readJson(request, maxBytes);
    if (content === undefined && !route.body.isOptional) {
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
