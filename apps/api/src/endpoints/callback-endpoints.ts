import type { Routes } from "@millrace/contracts";
import type { CallbackEndpoint } from "@millrace/db";
import { actorOf, type Principal, visibleOwner } from "../auth/principal.ts";
import type { Endpoint, Endpoints } from "../http/endpoint.ts";
import { requestProblem } from "../http/request-problem.ts";
import { checkCallbackUrl } from "./check-callback-url.ts";
import type { EndpointNeeds } from "./needs.ts";

type Id = Extract<keyof Routes, `${string}Callback${string}`>;

export function callbackEndpoints(needs: EndpointNeeds): Pick<Endpoints, Id> {
  return {
    createCallbackEndpoint: create(needs),
    listCallbackEndpoints: async ({ principal }) => {
      const endpoints = await needs.callbacks.store.listEndpoints(visibleOwner(principal));
      return { status: 200, body: { endpoints: endpoints.map(shown) } };
    },
    readCallbackEndpoint: async ({ principal, params }) => {
      const endpoint = await needs.callbacks.store.findEndpoint({ id: params.id, ownerId: visibleOwner(principal) });
      return { status: 200, body: shown(endpoint ?? missing()) };
    },
    changeCallbackEndpoint: change(needs),
    deleteCallbackEndpoint: remove(needs),
    rotateCallbackSecret: rotate(needs),
    testCallbackEndpoint: test(needs),
  };
}

function create(needs: EndpointNeeds): Endpoint<Routes["createCallbackEndpoint"]> {
  const { callbacks, newId } = needs;
  return async ({ principal, body }) => {
    const secret = body.secret ?? callbacks.newSecret();
    const made = await callbacks.store.createEndpoint({
      id: newId(),
      ownerId: principal.ownerId,
      url: checkCallbackUrl(body.url, callbacks.isAddressAllowed),
      secret,
      description: body.description,
      payload: body.payload,
      allowsJobUrls: body.allows_job_urls,
      isEnabled: body.is_enabled,
    });
    if (made === "one_is_enabled") throw oneIsEnabled();
    await note(needs, principal, "audit.callback_endpoint_created", made);
    return { status: 201, body: { ...shown(made), secret } };
  };
}

function change(needs: EndpointNeeds): Endpoint<Routes["changeCallbackEndpoint"]> {
  const { callbacks } = needs;
  return async ({ principal, params, body }) => {
    const changed = await callbacks.store.changeEndpoint({
      id: params.id,
      ownerId: visibleOwner(principal),
      change: {
        url: body.url === undefined ? undefined : checkCallbackUrl(body.url, callbacks.isAddressAllowed),
        description: body.description,
        payload: body.payload,
        allowsJobUrls: body.allows_job_urls,
        isEnabled: body.is_enabled,
      },
    });
    if (changed === "one_is_enabled") throw oneIsEnabled();
    await note(needs, principal, "audit.callback_endpoint_changed", changed ?? missing(), {
      fields: Object.keys(body),
    });
    return { status: 200, body: shown(changed ?? missing()) };
  };
}

function remove(needs: EndpointNeeds): Endpoint<Routes["deleteCallbackEndpoint"]> {
  return async ({ principal, params }) => {
    const which = { id: params.id, ownerId: visibleOwner(principal) };
    const endpoint = await needs.callbacks.store.findEndpoint(which);
    if (endpoint === undefined || !(await needs.callbacks.store.deleteEndpoint(which))) missing();
    else await note(needs, principal, "audit.callback_endpoint_deleted", endpoint);
    return { status: 200, body: { endpoint_id: params.id, deleted: true } };
  };
}

function rotate(needs: EndpointNeeds): Endpoint<Routes["rotateCallbackSecret"]> {
  const { callbacks } = needs;
  return async ({ principal, params, body }) => {
    const secret = body.secret ?? callbacks.newSecret();
    const rotated = await callbacks.store.rotateSecret({
      id: params.id,
      ownerId: visibleOwner(principal),
      secret,
      overlapSeconds: body.overlap_seconds,
    });
    const endpoint = rotated ?? missing();
    await note(needs, principal, "audit.callback_secret_rotated", endpoint, { overlap_seconds: body.overlap_seconds });
    return { status: 200, body: { ...shown(endpoint), secret } };
  };
}

function test({ callbacks }: EndpointNeeds): Endpoint<Routes["testCallbackEndpoint"]> {
  return async ({ principal, params }) => {
    const signing = await callbacks.store.findSigning({ id: params.id, ownerId: visibleOwner(principal) });
    const sent = await callbacks.sendTest(signing ?? missing());
    return {
      status: 200,
      body: {
        delivered: sent.error === null,
        webhook_id: sent.webhookId,
        status_code: sent.statusCode,
        error: sent.error,
        latency_ms: Math.round(sent.latencyMs),
        response_body: sent.responseBody,
      },
    };
  };
}

function missing(): never {
  throw requestProblem("NOT_FOUND", "There is no callback endpoint of that id.");
}

const oneIsEnabled = () =>
  requestProblem("CONFLICT", "Another endpoint is enabled; disable it first, or make this one with is_enabled false.");

/** The change is done; failing its answer because the note about it failed would mislead. */
async function note(
  { audit, log }: EndpointNeeds,
  principal: Principal,
  event: string,
  endpoint: CallbackEndpoint,
  details: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const about = { endpoint_id: endpoint.id, url: endpoint.url, is_enabled: endpoint.isEnabled, ...details };
  await audit({ event, actor: actorOf(principal), ownerId: endpoint.ownerId, details: about }).catch((err: unknown) =>
    log.error({ err, ...about }, `${event} was not audited`),
  );
}

function shown(endpoint: CallbackEndpoint) {
  // a deleted one is not found
  const reason = endpoint.disabledReason === "deleted" ? null : endpoint.disabledReason;
  return {
    endpoint_id: endpoint.id,
    url: endpoint.url,
    description: endpoint.description,
    payload: endpoint.payload,
    allows_job_urls: endpoint.allowsJobUrls,
    is_enabled: endpoint.isEnabled,
    disabled_reason: reason,
    disabled_at: endpoint.disabledAt?.toISOString() ?? null,
    failures: endpoint.failures,
    failing_since: endpoint.failingSince?.toISOString() ?? null,
    previous_secret_until: endpoint.previousSecretUntil?.toISOString() ?? null,
    created_at: endpoint.createdAt.toISOString(),
    updated_at: endpoint.updatedAt.toISOString(),
  };
}
