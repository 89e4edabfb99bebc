import { ERROR_CODES, type ErrorCode } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { openApiDocument } from "./openapi-document.ts";
import { problemsOf, type Route } from "./route.ts";
import { routes } from "./routes.ts";

const httpStatus = Object.fromEntries(ERROR_CODES.map((code, index) => [code, 400 + index])) as Record<
  ErrorCode,
  number
>;
const document = openApiDocument({ routes, version: "1.2.3", httpStatus });
const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  Object.entries(item as Record<string, { operationId: string }>).map(([method, operation]) => ({
    method,
    path,
    operation: operation as never as {
      operationId: string;
      responses: Record<string, { description: string; content?: object }>;
      security: object[];
      parameters?: { name: string; in: string; required: boolean }[];
    },
  })),
);

/** Every object anywhere in the document. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return;
  yield value as Record<string, unknown>;
  for (const child of Object.values(value)) yield* objectsIn(child);
}

describe("openApiDocument", () => {
  it("is OpenAPI 3.1 of the version that runs", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(document.info.version).toBe("1.2.3");
  });

  it("lists every route of the table and no other", () => {
    const inTable = Object.entries(routes).map(([id, route]) => `${id} ${route.method} ${route.path}`);
    const inDocument = operations.map(({ method, path, operation }) => `${operation.operationId} ${method} ${path}`);
    expect(inDocument.sort()).toEqual(inTable.sort());
    expect(inTable.length).toBeGreaterThan(12);
  });

  it("A-S31 has the six fields of a job and every required endpoint", () => {
    const paths = operations.map(({ method, path }) => `${method} ${path}`);
    for (const required of [
      "post /api/v1/content",
      "post /api/v1/youtube/ingest",
      "post /api/v1/ingest",
      "post /api/v1/content/{id}/reprocess",
      "get /api/v1/jobs/{id}",
      "get /api/v1/jobs",
      "post /api/v1/jobs/{id}/cancel",
    ]) {
      expect(paths).toContain(required);
    }
    const job = (document.components?.schemas?.["Job"] ?? {}) as { properties?: object };
    expect(Object.keys(job.properties ?? {})).toEqual([
      "job_id",
      "content_id",
      "status",
      "created_at",
      "started_at",
      "finished_at",
    ]);
  });

  it("names every problem a route can answer under its status", () => {
    for (const { operation } of operations) {
      const route: Route = routes[operation.operationId as keyof typeof routes];
      for (const code of problemsOf(route)) {
        const description = operation.responses[httpStatus[code]]?.description ?? "";
        expect(description.split(", "), `${operation.operationId} ${code}`).toContain(code);
      }
    }
  });

  it("asks for a key on every route that has a scope, and on no other", () => {
    for (const { operation } of operations) {
      const route: Route = routes[operation.operationId as keyof typeof routes];
      const openToAll = route.isKeyOptional ? [{}] : [];
      expect(operation.security).toEqual(route.scope === null ? [] : [{ apiKey: [route.scope] }, ...openToAll]);
    }
  });

  it("declares a required path parameter for each placeholder", () => {
    for (const { path, operation } of operations) {
      const placeholders = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const declared = (operation.parameters ?? []).filter((p) => p.in === "path" && p.required).map((p) => p.name);
      expect(declared, path).toEqual(placeholders);
    }
  });

  it("resolves every reference it makes", () => {
    const schemas = Object.keys(document.components?.schemas ?? {});
    const references = [...objectsIn(document)].flatMap((object) =>
      typeof object["$ref"] === "string" ? [object["$ref"]] : [],
    );
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references) expect(schemas).toContain(reference.replace("#/components/schemas/", ""));
  });
});
