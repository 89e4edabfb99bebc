import type { ErrorCode } from "@millrace/core";
import type { z } from "zod";

/** What an API key may be allowed. An admin key may do everything. */
export const SCOPES = [
  "content:read",
  "content:write",
  "jobs:read",
  "jobs:write",
  "callbacks:read",
  "callbacks:write",
  "extractions:read",
  "extractions:write",
  "tasks:read",
  "tasks:write",
  "channels:read",
  "channels:write",
] as const;
export type Scope = (typeof SCOPES)[number];

export interface RouteResponse {
  readonly description: string;
  /** null: bytes of the `mediaType`, not JSON, a type of its own each time where that is `*\/*`; without a media type nothing at all. */
  readonly schema: z.ZodType | null;
  readonly mediaType?: string;
}

/** One line of the API: what the document says of it and what the server mounts. */
export interface Route {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** OpenAPI style, such as /api/v1/jobs/{id}. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  /** null: open to everybody. */
  readonly scope: Scope | null;
  /** The scope is not enough: only for keys that may act for everybody. */
  readonly isAdminOnly?: true;
  /** Who comes without a key is answered, too, with what is open to everybody. */
  readonly isKeyOptional?: true;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: /** `isLarge`: carries a whole text. */
    | { readonly kind: "json"; readonly schema: z.ZodType; readonly isOptional?: true; readonly isLarge?: true }
    /** One `file` part, streamed; `fields` may stand in the form or in the query. */
    | { readonly kind: "multipart"; readonly fields: z.ZodObject }
    /** Either; of a form the endpoint reads the parts itself. */
    | { readonly kind: "json_or_multipart"; readonly schema: z.ZodType; readonly fields: z.ZodObject };
  /** Honours the Idempotency-Key header. */
  readonly isIdempotent?: true;
  readonly responses: { readonly [status: number]: RouteResponse };
  /** Problems beyond those that every route of its kind can answer. */
  readonly problems: readonly ErrorCode[];
}

type SchemaOf<S> = S extends z.ZodType ? S : never;
export type QueryOf<R extends Route> = R extends { query: infer Q } ? z.output<SchemaOf<Q>> : Record<never, never>;
export type ParamsOf<R extends Route> = R extends { params: infer P } ? z.output<SchemaOf<P>> : Record<never, never>;
export type BodyOf<R extends Route> = R extends { body: { kind: "json"; schema: infer B } }
  ? z.output<SchemaOf<B>>
  : R extends { body: { kind: "json_or_multipart"; schema: infer B } }
    ? z.output<SchemaOf<B>> | undefined
    : undefined;

/** Each status a route can answer with, tied to the body that goes with it. */
export type AnswerOf<R extends Route> = {
  [S in keyof R["responses"]]: {
    readonly status: S;
    readonly body: R["responses"][S] extends { schema: infer B } ? (B extends z.ZodType ? z.input<B> : null) : never;
  };
}[keyof R["responses"]];

/** Every problem code a route can answer, those of its kind included. */
export function problemsOf(route: Route): readonly ErrorCode[] {
  const codes = new Set<ErrorCode>(route.problems);
  codes.add("INTERNAL");
  if (route.query || route.body) codes.add("VALIDATION_FAILED");
  if (route.params) codes.add("NOT_FOUND");
  if (route.body) codes.add("PAYLOAD_TOO_LARGE").add("UNSUPPORTED_MEDIA_TYPE");
  if (route.body && route.body.kind !== "multipart") codes.add("MALFORMED_JSON");
  if (route.isIdempotent) codes.add("IDEMPOTENCY_KEY_REUSED").add("VALIDATION_FAILED");
  if (route.scope !== null) {
    codes.add("UNAUTHENTICATED").add("FORBIDDEN").add("RATE_LIMITED").add("STORE_UNAVAILABLE");
  }
  return [...codes];
}
