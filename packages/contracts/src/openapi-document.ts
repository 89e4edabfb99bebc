import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from "@asteasolutions/zod-to-openapi";
import type { ErrorCode } from "@millrace/core";
import { z } from "zod";
import { PROBLEM_MEDIA_TYPE, problem } from "./problem.ts";
import { problemsOf, type Route } from "./route.ts";

export interface DocumentNeeds {
  readonly routes: Readonly<Record<string, Route>>;
  readonly version: string;
  /** HTTP status of each error code, as the server answers them. */
  readonly httpStatus: Readonly<Record<ErrorCode, number>>;
}

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31["generateDocument"]>;

const DESCRIPTION = `Work is accepted with 202 and a \`job_id\` before anything is fetched; its course is read from \`/api/v1/jobs/{id}\`.
Errors are \`application/problem+json\` (RFC 9457) with a stable \`code\`.`;

const idempotencyKey = z.object({
  "idempotency-key": z.string().min(1).max(255).optional().meta({
    description: "Repeating a request under the same key within 24 hours repeats its answer and starts nothing.",
  }),
});

function problemResponses(route: Route, httpStatus: DocumentNeeds["httpStatus"]): RouteConfig["responses"] {
  const codesByStatus = new Map<number, ErrorCode[]>();
  for (const code of problemsOf(route)) {
    const status = httpStatus[code];
    codesByStatus.set(status, [...(codesByStatus.get(status) ?? []), code]);
  }
  const responses: RouteConfig["responses"] = {};
  for (const [status, codes] of codesByStatus) {
    if (route.responses[status]) continue;
    responses[status] = { description: codes.join(", "), content: { [PROBLEM_MEDIA_TYPE]: { schema: problem } } };
  }
  return responses;
}

function requestOf(route: Route): NonNullable<RouteConfig["request"]> {
  const { body } = route;
  const bytes = z.string().meta({ format: "binary", contentMediaType: "application/octet-stream" });
  const oneFile = (fields: z.ZodObject) => z.object({ file: bytes, ...fields.shape });
  const manyFiles = (fields: z.ZodObject) =>
    z.object({ files: z.array(bytes).optional(), manifest: bytes.optional(), ...fields.shape });
  const query = body?.kind === "multipart" ? body.fields : route.query;
  return {
    ...(route.params && { params: route.params }),
    ...(query && { query }),
    ...(route.isIdempotent && { headers: idempotencyKey }),
    ...(body?.kind === "json" && {
      body: { required: !body.isOptional, content: { "application/json": { schema: body.schema } } },
    }),
    ...(body?.kind === "multipart" && {
      body: { required: true, content: { "multipart/form-data": { schema: oneFile(body.fields) } } },
    }),
    ...(body?.kind === "json_or_multipart" && {
      body: {
        required: true,
        content: {
          "application/json": { schema: body.schema },
          "multipart/form-data": { schema: manyFiles(body.fields) },
        },
      },
    }),
  };
}

function describe({ description, isAdminOnly }: Route): { description?: string } {
  const text = [description, isAdminOnly && "For admin keys only."].filter(Boolean).join(" ");
  return text === "" ? {} : { description: text };
}

function pathOf(id: string, route: Route, httpStatus: DocumentNeeds["httpStatus"]): RouteConfig {
  const responses: RouteConfig["responses"] = {};
  for (const [status, { description, schema, mediaType: said }] of Object.entries(route.responses)) {
    const bytes = z.string().meta({ format: "binary" });
    const isEmpty = schema === null && said === undefined;
    responses[status] = isEmpty
      ? { description }
      : { description, content: { [said ?? "application/json"]: { schema: schema ?? bytes } } };
  }
  return {
    operationId: id,
    method: route.method,
    path: route.path,
    summary: route.summary,
    ...describe(route),
    tags: [route.tag],
    security: route.scope === null ? [] : [{ apiKey: [route.scope] }, ...(route.isKeyOptional ? [{}] : [])],
    request: requestOf(route),
    responses: { ...responses, ...problemResponses(route, httpStatus) },
  };
}

/** The OpenAPI 3.1 document of a route table. */
export function openApiDocument({ routes, version, httpStatus }: DocumentNeeds): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent("securitySchemes", "apiKey", {
    type: "http",
    scheme: "bearer",
    description: "An API key: `Authorization: Bearer mr_…`",
  });
  for (const [id, route] of Object.entries(routes)) registry.registerPath(pathOf(id, route, httpStatus));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: {
      title: "Millrace",
      version,
      description: DESCRIPTION,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
  });
}
