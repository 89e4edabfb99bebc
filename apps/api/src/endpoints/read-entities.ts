import type { Routes } from "@millrace/contracts";
import type { EntityRow } from "@millrace/db";
import { visibleOwner } from "../auth/principal.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { requestProblem } from "../http/request-problem.ts";
import type { EndpointNeeds } from "./needs.ts";
import { contentSummary, noSuchContent } from "./read-content.ts";

export function readEntity({ contents }: EndpointNeeds): Endpoint<Routes["readEntity"]> {
  return async ({ principal, params }) => {
    const entity = await contents.findEntity(params.id, visibleOwner(principal));
    if (entity === undefined) throw requestProblem("NOT_FOUND", "There is no entity of that id.");
    return { status: 200, body: entityOf(entity) };
  };
}

export function listContentEntities({ contents }: EndpointNeeds): Endpoint<Routes["listContentEntities"]> {
  return async ({ principal, params }) => {
    const content = await contents.findContent(params.id, visibleOwner(principal));
    if (content === undefined) throw noSuchContent();
    const entities = await contents.listEntitiesOf(content.id);
    return {
      status: 200,
      body: {
        entities: entities.map((entity) => ({
          ...entityOf(entity),
          edge_type: entity.edgeType,
          confidence: entity.confidence,
          source: entity.source,
        })),
      },
    };
  };
}

export function listRelatedContent({ contents }: EndpointNeeds): Endpoint<Routes["listRelatedContent"]> {
  return async ({ principal, params, query }) => {
    const content = await contents.findContent(params.id, visibleOwner(principal));
    if (content === undefined) throw noSuchContent();
    const related = await contents.listRelated({ contentId: content.id, limit: query.limit });
    return {
      status: 200,
      body: {
        contents: related.map((near) => ({
          ...contentSummary(near),
          score: near.score,
          shared_entities: near.shared.map(({ id, entityType, name }) => ({
            entity_id: id,
            entity_type: entityType,
            name,
          })),
        })),
      },
    };
  };
}

export function listTags({ contents }: EndpointNeeds): Endpoint<Routes["listTags"]> {
  return async ({ principal, query }) => {
    const tags = await contents.listTags({ ownerId: visibleOwner(principal), ...query });
    return { status: 200, body: { tags: tags.map((tag) => ({ ...tag, aliases: [...tag.aliases] })) } };
  };
}

function entityOf(entity: EntityRow) {
  return {
    entity_id: entity.id,
    entity_type: entity.entityType,
    name: entity.name,
    hierarchy: [...entity.hierarchy],
    content_count: entity.contentCount,
    created_at: entity.createdAt.toISOString(),
  };
}
