import type { AnswerOf, Routes } from "@millrace/contracts";
import type { Json } from "@millrace/core";
import type { VideoChannel } from "@millrace/db";
import { CredentialError, parseChannelFields } from "@millrace/providers";
import { actorOf, type Principal, visibleOwner } from "../../auth/principal.ts";
import type { Endpoint } from "../../http/endpoint.ts";
import { conflict, fieldProblem, requestProblem } from "../../http/request-problem.ts";
import type { EndpointNeeds } from "../needs.ts";
import { findVisibleChannel, noSuchChannel } from "./video-needs.ts";

type ShownChannel = AnswerOf<Routes["readVideoChannel"]>["body"];

function shownChannel(channel: VideoChannel): ShownChannel {
  return {
    id: channel.id,
    channel_id: channel.channelId,
    channel_name: channel.channelName,
    owner_id: channel.ownerId,
    is_active: channel.isActive,
    weight: channel.weight,
    max_concurrent: channel.maxInFlight,
    quota_pool: channel.quotaPool,
    source: channel.source,
    pending: channel.pending,
    in_progress: channel.inProgress,
    has_capacity: channel.hasCapacity,
    credentials: [...channel.credentials],
    fields: { ...(channel.config as Readonly<Record<string, Json>> | null) },
    created_at: channel.createdAt.toISOString(),
    updated_at: channel.updatedAt.toISOString(),
  };
}

export function listVideoChannels({ video }: EndpointNeeds): Endpoint<Routes["listVideoChannels"]> {
  return async ({ principal }) => {
    const channels = await video.tasks.listVideoChannels(visibleOwner(principal));
    return { status: 200, body: { channels: channels.map(shownChannel) } };
  };
}

export function readVideoChannel({ video }: EndpointNeeds): Endpoint<Routes["readVideoChannel"]> {
  return async ({ principal, params }) => ({
    status: 200,
    body: shownChannel(await findVisibleChannel(video, params.channel_id, principal)),
  });
}

/** The fields of a channel's file, as JSON. A channel that a file describes is the file's. */
export function putVideoChannel({ video, audit }: EndpointNeeds): Endpoint<Routes["putVideoChannel"]> {
  return async ({ principal, params, body }) => {
    const known = await video.tasks.findVideoChannel(params.channel_id, visibleOwner(principal));
    const channel_id = known?.channelId ?? params.channel_id;
    if (body["channel_id"] !== undefined && body["channel_id"] !== channel_id) {
      throw fieldProblem("channel_id", "same", "must be that of the address");
    }
    if (known?.source === "file") throw conflict(`The channel ${channel_id} is kept in a file: change it there.`, {});
    const parsed = parseChannelFields({ ...body, channel_id });
    if (!("channel" in parsed)) throw problemOfReasons(parsed.reasons);
    const { channel } = parsed;
    const put = await video.tasks.putChannel({
      ownerId: known?.ownerId ?? principal.ownerId,
      channelId: channel.channelId,
      channelName: channel.channelName,
      weight: channel.share.weight,
      maxInFlight: channel.share.maxInFlight,
      isActive: channel.share.isActive,
      quotaPool: channel.quotaPool,
      source: "api",
      config: channel.fields,
    });
    if (put === "taken") throw conflict(`The id ${channel_id} is taken.`, {});
    await audit({
      event: "audit.channel",
      actor: actorOf(principal),
      ownerId: put.ownerId,
      details: { channel_id, act: known === undefined ? "make" : "change" },
    });
    return { status: 200, body: shownChannel(put) };
  };
}

/** Each reason begins with its field. */
function problemOfReasons(reasons: readonly string[]): Error {
  const items = reasons.map((reason) => {
    const colon = reason.indexOf(": ");
    const field = colon === -1 ? "body" : reason.slice(0, colon);
    return { field, rule: "channel_field", message: reason.slice(colon === -1 ? 0 : colon + 2) };
  });
  return requestProblem("VALIDATION_FAILED", reasons[0] ?? "not valid", items);
}

export function deleteVideoChannel({ video, audit }: EndpointNeeds): Endpoint<Routes["deleteVideoChannel"]> {
  return async ({ principal, params }) => {
    const channel = await findVisibleChannel(video, params.channel_id, principal);
    const outcome = await video.tasks.deleteChannel(channel.id, visibleOwner(principal));
    if (outcome === "not_found") throw noSuchChannel();
    if (outcome === "used") throw conflict(`The channel ${channel.channelId} has tasks, whose history is kept.`, {});
    await audit({
      event: "audit.channel",
      actor: actorOf(principal),
      ownerId: channel.ownerId,
      details: { channel_id: channel.channelId, act: "delete" },
    });
    return { status: 204, body: null };
  };
}

export function putVideoChannelCredential(needs: EndpointNeeds): Endpoint<Routes["putVideoChannelCredential"]> {
  const { video } = needs;
  return async ({ principal, params, body }) => {
    const channel = await findVisibleChannel(video, params.channel_id, principal);
    if (video.box === null) {
      throw requestProblem("NOT_CONFIGURED", "There is no key to seal credentials with: set CREDENTIAL_KEYS.");
    }
    const sealed = sealedOrRefused(() => video.box?.seal({ channelId: channel.id, name: params.name }, body.value));
    await video.tasks.putCredential(channel.id, params.name, sealed ?? null);
    await noteCredential(needs, principal, channel, { name: params.name, act: "set" });
    return { status: 204, body: null };
  };
}

export function deleteVideoChannelCredential(needs: EndpointNeeds): Endpoint<Routes["deleteVideoChannelCredential"]> {
  return async ({ principal, params }) => {
    const channel = await findVisibleChannel(needs.video, params.channel_id, principal);
    await needs.video.tasks.putCredential(channel.id, params.name, null);
    await noteCredential(needs, principal, channel, { name: params.name, act: "remove" });
    return { status: 204, body: null };
  };
}

function sealedOrRefused<T>(seal: () => T): T {
  try {
    return seal();
  } catch (error) {
    // its message never holds the credential
    if (error instanceof CredentialError) throw fieldProblem("value", error.problem, error.message);
    throw error;
  }
}

const noteCredential = (
  { audit }: Pick<EndpointNeeds, "audit">,
  principal: Principal,
  channel: VideoChannel,
  details: { readonly name: string; readonly act: string },
) =>
  audit({
    event: "audit.credential",
    actor: actorOf(principal),
    ownerId: channel.ownerId,
    details: { channel_id: channel.channelId, ...details },
  });
