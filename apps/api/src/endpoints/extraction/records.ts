import type { Routes } from "@millrace/contracts";
import type { RecordRow } from "@millrace/db";
import { visibleOwner } from "../../auth/principal.ts";
import { cutPage, readCursor } from "../../http/cursor.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { requestProblem } from "../../http/request-problem.ts";
import type { EndpointNeeds } from "../needs.ts";

const noSuchRecord = () => requestProblem("NOT_FOUND", "There is no record of that id.");

export function createRecord({ extractions }: EndpointNeeds): Endpoint<Routes["createRecord"]> {
  return async ({ principal, body }) => {
    const made = await extractions.createRecord({ ownerId: principal.ownerId, title: body.title ?? null });
    return { status: 201, body: shown(made) };
  };
}

export function readRecord({ extractions }: EndpointNeeds): Endpoint<Routes["readRecord"]> {
  return async ({ principal, params }) => {
    const record = await extractions.findRecord(params.id, visibleOwner(principal));
    if (record === undefined) throw noSuchRecord();
    return { status: 200, body: shown(record) };
  };
}

export function listRecords({ extractions }: EndpointNeeds): Endpoint<Routes["listRecords"]> {
  return async ({ principal, query }) => {
    const rows = await extractions.listRecords({
      ownerId: visibleOwner(principal),
      limit: query.limit + 1,
      after: readCursor(query.cursor),
    });
    const { page, next } = cutPage(rows, query.limit);
    return { status: 200, body: { records: page.map(shown), next_cursor: next } };
  };
}

/** Its extractions stay, without it (B-S06). */
export function deleteRecord({ extractions }: EndpointNeeds): Endpoint<Routes["deleteRecord"]> {
  return async ({ principal, params }) => {
    if (!(await extractions.deleteRecord(params.id, visibleOwner(principal)))) throw noSuchRecord();
    return { status: 204, body: null };
  };
}

const shown = ({ id, title, createdAt, updatedAt }: RecordRow) => ({
  id,
  title,
  created_at: createdAt.toISOString(),
  updated_at: updatedAt.toISOString(),
});
