import type { JsonObject } from "@millrace/core";
import type { EntityIndex } from "../part-21/index-entities.ts";
import { isList, isReference, type Parameter, referenceOf, textOf } from "../part-21/parameters.ts";
import { plainValue } from "./property-sets.ts";

function members(value: Parameter | undefined): readonly number[] {
  return isList(value) ? value.filter(isReference).map(({ ref }) => ref) : [];
}

function nameOfMaterial(index: EntityIndex, reference: Parameter | undefined): string | null {
  const line = index.read(referenceOf(reference) ?? -1);
  return line?.keyword === "IFCMATERIAL" ? textOf(line.parameters[0]) : null;
}

/** Materials of what IfcRelAssociatesMaterial points at: one, a list, or layers, constituents and profiles. */
export function readMaterials(index: EntityIndex, id: number): readonly JsonObject[] {
  const { keyword, parameters = [] } = index.read(id) ?? {};
  const [first, , third] = parameters;
  switch (keyword) {
    case "IFCMATERIAL":
      return [{ name: textOf(first) }];
    case "IFCMATERIALLIST":
      return members(first).map((member) => ({ name: nameOfMaterial(index, { ref: member }) }));
    case "IFCMATERIALLAYERSETUSAGE":
    case "IFCMATERIALPROFILESETUSAGE": {
      const set = referenceOf(first);
      // a usage of a usage is no valid file and could go round for ever
      const isSet = /^IFCMATERIAL(?:LAYER|PROFILE)SET$/.test(index.keywordOf(set ?? -1) ?? "");
      return set === undefined || !isSet ? [] : readMaterials(index, set);
    }
    case "IFCMATERIALLAYERSET":
      return members(first).map((layer) => {
        const [material, thickness, , name] = index.read(layer)?.parameters ?? [];
        return {
          name: nameOfMaterial(index, material),
          layer_name: textOf(name),
          layer_thickness: plainValue(thickness),
        };
      });
    case "IFCMATERIALCONSTITUENTSET":
      return members(third).map((constituent) => {
        const [name, , material, fraction] = index.read(constituent)?.parameters ?? [];
        return {
          name: nameOfMaterial(index, material),
          constituent_name: textOf(name),
          fraction: plainValue(fraction),
        };
      });
    case "IFCMATERIALPROFILESET":
      return members(third).map((profile) => {
        const [name, , material] = index.read(profile)?.parameters ?? [];
        return { name: nameOfMaterial(index, material), profile_name: textOf(name) };
      });
    default:
      return [];
  }
}
