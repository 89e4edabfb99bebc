/** The 24 classes of building elements that are extracted, each with the subclasses that count as it. */
const SUBCLASSES: Readonly<Record<string, readonly string[]>> = {
  IfcWall: ["IfcWallElementedCase"],
  IfcWallStandardCase: [],
  IfcSlab: ["IfcSlabStandardCase", "IfcSlabElementedCase"],
  IfcBeam: ["IfcBeamStandardCase"],
  IfcColumn: ["IfcColumnStandardCase"],
  IfcDoor: ["IfcDoorStandardCase"],
  IfcWindow: ["IfcWindowStandardCase"],
  IfcRoof: [],
  IfcStair: [],
  IfcStairFlight: [],
  IfcRailing: [],
  IfcRamp: [],
  IfcRampFlight: [],
  IfcCovering: [],
  IfcCurtainWall: [],
  IfcPlate: ["IfcPlateStandardCase"],
  IfcMember: ["IfcMemberStandardCase"],
  IfcFooting: [],
  IfcPile: [],
  IfcSpace: [],
  IfcFurnishingElement: ["IfcFurniture", "IfcSystemFurnitureElement"],
  IfcFlowTerminal: [
    "IfcAirTerminal",
    "IfcAudioVisualAppliance",
    "IfcCommunicationsAppliance",
    "IfcElectricAppliance",
    "IfcFireSuppressionTerminal",
    "IfcLamp",
    "IfcLightFixture",
    "IfcLiquidTerminal",
    "IfcMedicalDevice",
    "IfcMobileTelecommunicationsAppliance",
    "IfcOutlet",
    "IfcSanitaryTerminal",
    "IfcSignal",
    "IfcSpaceHeater",
    "IfcStackTerminal",
    "IfcWasteTerminal",
  ],
  IfcFlowSegment: [
    "IfcCableCarrierSegment",
    "IfcCableSegment",
    "IfcConveyorSegment",
    "IfcDuctSegment",
    "IfcPipeSegment",
  ],
  IfcBuildingElementProxy: [],
};

/** What a standard-case wall is, besides a class of its own. */
const ALSO: Readonly<Record<string, string>> = { IfcWallStandardCase: "IfcWall" };

export const ELEMENT_CLASSES: readonly string[] = Object.keys(SUBCLASSES);

/** Classes that can hold elements, from the whole to the part. */
const SPATIAL_CLASSES = [
  "IfcProject",
  "IfcSite",
  "IfcBuilding",
  "IfcBuildingStorey",
  "IfcSpace",
  "IfcSpatialZone",
  "IfcFacility",
  "IfcFacilityPart",
  "IfcBridge",
  "IfcBridgePart",
  "IfcRoad",
  "IfcRoadPart",
  "IfcRailway",
  "IfcRailwayPart",
  "IfcMarineFacility",
  "IfcMarinePart",
  "IfcExternalSpatialElement",
];

const ELEMENT_NAMES = ELEMENT_CLASSES.flatMap((name) => [name, ...(SUBCLASSES[name] ?? [])]);
const BY_KEYWORD: ReadonlyMap<string, string> = new Map(
  [...ELEMENT_NAMES, ...SPATIAL_CLASSES].map((name) => [name.toUpperCase(), name]),
);

export const ELEMENT_KEYWORDS: readonly string[] = ELEMENT_NAMES.map((name) => name.toUpperCase());
export const SPATIAL_KEYWORDS: readonly string[] = SPATIAL_CLASSES.map((name) => name.toUpperCase());

/** `IfcWallStandardCase` for `IFCWALLSTANDARDCASE`; classes that are not listed keep only their first letters. */
export function classOfKeyword(keyword: string): string {
  const known = BY_KEYWORD.get(keyword);
  if (known !== undefined) return known;
  const ending = /^(IFC.+?)(STANDARDCASE|TYPE|STYLE)$/.exec(keyword);
  const stem = BY_KEYWORD.get(ending?.[1] ?? "");
  const word = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase();
  if (ending !== null) return `${stem ?? `Ifc${word((ending[1] ?? "").slice(3))}`}${word(ending[2] ?? "")}`;
  return `Ifc${word(keyword.slice(3))}`;
}

export interface ClassFilter {
  readonly keywords: readonly string[];
  /** Names that are no class of this list. */
  readonly unknown: readonly string[];
}

/** Keywords of the classes named, in any case, with their subclasses; of all where null. */
export function filterClasses(names: readonly string[] | null): ClassFilter {
  if (names === null) return { keywords: ELEMENT_KEYWORDS, unknown: [] };
  const wanted = new Set(names.map((name) => name.trim().toUpperCase()));
  const isWanted = (name: string): boolean => wanted.has(name.toUpperCase());
  const keywords = ELEMENT_CLASSES.flatMap((name) => {
    const whole = isWanted(name) || isWanted(ALSO[name] ?? "");
    return [name, ...(SUBCLASSES[name] ?? [])].filter((each) => whole || isWanted(each));
  });
  return {
    keywords: keywords.map((name) => name.toUpperCase()),
    unknown: names.filter((name) => !ELEMENT_KEYWORDS.includes(name.trim().toUpperCase())),
  };
}
