import type { EntityIndex } from "../part-21/index-entities.ts";
import { isList, isReference, referenceOf, textOf } from "../part-21/parameters.ts";

export const MATERIAL_KEYWORDS = ["PROPERTY_DEFINITION", "PROPERTY_DEFINITION_REPRESENTATION"];

/** Names of materials by PRODUCT_DEFINITION, where a property with "material" in its name gives one as text. */
export function productMaterials(index: EntityIndex): ReadonlyMap<number, string> {
  const owners = new Map<number, number>();
  for (const id of index.of("PROPERTY_DEFINITION")) {
    const [name, description, definition] = index.read(id)?.parameters ?? [];
    if (!/material/i.test(`${textOf(name)} ${textOf(description)}`) || !isReference(definition)) continue;
    // through the shape, where that is what has the property
    const viaShape =
      index.keywordOf(definition.ref) === "PRODUCT_DEFINITION_SHAPE"
        ? referenceOf(index.read(definition.ref)?.parameters[2])
        : undefined;
    owners.set(id, viaShape ?? definition.ref);
  }
  const materials = new Map<number, string>();
  for (const id of index.of("PROPERTY_DEFINITION_REPRESENTATION")) {
    const [property, representation] = index.read(id)?.parameters ?? [];
    const owner = owners.get(referenceOf(property) ?? -1);
    const items = index.read(referenceOf(representation) ?? -1)?.parameters[1];
    if (owner === undefined || materials.has(owner) || !isList(items)) continue;
    for (const item of items.filter(isReference)) {
      if (index.keywordOf(item.ref) !== "DESCRIPTIVE_REPRESENTATION_ITEM") continue;
      const [, description] = index.read(item.ref)?.parameters ?? [];
      const material = textOf(description) ?? textOf(index.read(item.ref)?.parameters[0]);
      if (material !== null) materials.set(owner, material);
    }
  }
  return materials;
}
