import type { Readable } from "node:stream";
import type { AnswerOf, BodyOf, ParamsOf, QueryOf, Route, RouteId, Routes } from "@millrace/contracts";
import type { Request } from "express";
import type { Principal } from "../auth/principal.ts";

/** A request whose every part has been checked by its route's schemas. */
export interface Call<R extends Route> {
  readonly principal: R["scope"] extends null ? null : R extends { isKeyOptional: true } ? Principal | null : Principal;
  readonly params: ParamsOf<R>;
  readonly query: QueryOf<R>;
  /** The query as it came, for what it shares with a form. */
  readonly rawQuery: Readonly<Record<string, unknown>>;
  readonly body: BodyOf<R>;
  /** The Idempotency-Key header of routes that honour it. */
  readonly idempotencyKey: string | null;
  /** Tells a replay from another request; null without a key, and for uploads, whose bytes are not read yet. */
  readonly fingerprint: string | null;
  readonly request: Request;
}

export type Answer<R extends Route> = AnswerOf<R> & {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent instead of a JSON body. */
  readonly stream?: Readable;
};

/** What a route does. It decides nothing about jobs: it asks the engine and words the answer. */
export type Endpoint<R extends Route> = (call: Call<R>) => Promise<Answer<R>>;

export type Endpoints = { readonly [Id in RouteId]: Endpoint<Routes[Id]> };

/** Marks the repeated answer of an idempotent request. */
export const REPLAYED = { "idempotency-replayed": "true" } as const;
