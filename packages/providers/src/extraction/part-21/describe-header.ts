import type { JsonObject } from "@millrace/core";
import type { Part21Header } from "./open-part-21.ts";

/** The header's fields as metadata of an extraction. */
export function describeHeader(header: Part21Header): JsonObject {
  return {
    schema: header.schemas[0]?.split(/[\s{]/, 1)[0] ?? null,
    schemas: header.schemas,
    description: header.description,
    implementation_level: header.implementationLevel,
    file_name: header.fileName,
    timestamp: header.timestamp,
    author: header.authors.join(", ") || null,
    organization: header.organizations.join(", ") || null,
    preprocessor: header.preprocessor,
    originating_system: header.originatingSystem,
    authorization: header.authorization,
  };
}
