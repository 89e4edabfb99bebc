import { MillraceError } from "@millrace/core";
import { describe, expect, test } from "vitest";
import { extractIfc, type IfcCall, type IfcPlace } from "./extract-ifc.contract.ts";
import { house, ifcFile } from "./written-ifc.contract.ts";

async function refusal(bytes: Uint8Array, call?: IfcCall): Promise<{ code: string; retry: string }> {
  try {
    await extractIfc(bytes, call);
  } catch (error) {
    if (error instanceof MillraceError) return { code: error.code, retry: error.retry };
    throw error;
  }
  throw new Error("was not refused");
}

function depthOf(places: readonly IfcPlace[]): number {
  return places.reduce((deepest, place) => Math.max(deepest, 1 + depthOf(place.children)), 0);
}

const walls = (count: number): string =>
  Array.from({ length: count }, (_, i) => `#${1000 + i}=IFCWALL('${i}',#5,'W${i}',$,$,#21,$,$,$);`).join("\n");

describe("B-Q14 bad input", () => {
  const whole = house("IFC4");

  test.each<[string, Uint8Array, string]>([
    ["nothing", Buffer.alloc(0), "CONTENT_EMPTY"],
    ["garbage", Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 256)), "CONTENT_DAMAGED"],
    ["a cut file", whole.subarray(0, whole.length / 2), "CONTENT_DAMAGED"],
    ["a STEP file", ifcFile("AUTOMOTIVE_DESIGN", "#1=PRODUCT('','','',());"), "UNSUPPORTED_FORMAT"],
    ["a header alone", ifcFile("IFC4", ""), "CONTENT_EMPTY"],
    ["lists in lists", ifcFile("IFC4", `#1=A(${"(".repeat(200_000)}${")".repeat(200_000)});`), "CONTENT_TOO_COMPLEX"],
  ])("%s is refused for good", async (_what, bytes, code) => {
    expect(await refusal(bytes, { options: { extract_geometry: true } })).toEqual({ code, retry: "never" });
  });

  test("attributes of the wrong kind are left empty", async () => {
    const { content } = await extractIfc(
      ifcFile(
        "IFC4",
        `#1=IFCWALL(#2,(1,2),.X.,7,((((3)))));
         #2=IFCDOOR();
         #3=IFCRELDEFINESBYPROPERTIES($,$,$,$,(#1,#99,7),#2);
         #4=IFCRELASSOCIATESMATERIAL($,$,$,$,(#1),#2);
         #5=IFCRELCONTAINEDINSPATIALSTRUCTURE($,$,$,$,#1,#77);
         #6=IFCPROJECT();
         #7=IFCMATERIALLAYERSETUSAGE(#7);
         #8=IFCRELASSOCIATESMATERIAL($,$,$,$,(#2),#7);`,
      ),
    );
    expect(content.elements).toMatchObject([
      { class: "IfcWall", global_id: null, name: null, property_sets: {}, materials: [] },
      { class: "IfcDoor", materials: [] },
    ]);
  });

  test("shapes that the reader cannot make sense of leave their elements without a box", async () => {
    const broken = Buffer.from(house("IFC4").toString().replace("5000.,200.", "1.E400,$"));
    const { content } = await extractIfc(broken, { options: { extract_geometry: true } });
    expect(content.elements.find(({ name }) => name === "Wall 1")?.bbox).toBeNull();
  });

  test("a schema without shapes has everything else, and that is said", async () => {
    const { content, warnings } = await extractIfc(ifcFile("IFC9", walls(1)), { options: { extract_geometry: true } });
    expect(content.elements).toHaveLength(1);
    expect(warnings.map(({ code }) => code)).toEqual(["IFC_SHAPES_UNREADABLE"]);
  });

  test("shapes that want more memory than they may have fail once more, and harm no other", async () => {
    const large = house("IFC4", walls(60_000));
    const options = { extract_geometry: true };
    const [refused, good] = await Promise.all([
      refusal(large, { options, maxElements: 1, extractor: { maxMemoryBytes: 20 * 1024 * 1024 } }),
      extractIfc(house("IFC4"), { options }),
    ]);
    expect(refused).toEqual({ code: "CONTENT_TOO_COMPLEX", retry: "once" });
    expect(good.content.elements[0]?.bbox).not.toBeNull();
  });

  test("a cancel is heard between groups of elements", async () => {
    const reason = new Error("cancelled");
    await expect(extractIfc(house("IFC4"), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const cancel = new AbortController();
    const heard = extractIfc(house("IFC4"), {
      options: { extract_geometry: true },
      signal: cancel.signal,
      progress: (share) => share >= 0.3 && cancel.abort(reason),
    });
    await expect(heard).rejects.toBe(reason);
  });
});

describe("B-Q20 a file", () => {
  test("with more elements than may be listed is cut, and counts them all", async () => {
    const shares: number[] = [];
    const progress = (share: number): void => void shares.push(share);
    const { content, warnings } = await extractIfc(house("IFC4", walls(5_000)), { maxElements: 2_500, progress });
    expect(content.elements).toHaveLength(2_500);
    expect(content.element_counts["IfcWall"]).toBe(5_001);
    expect(warnings.map(({ code }) => code)).toEqual(["IFC_ELEMENTS_CUT"]);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  test("of 10,000 places inside each other is cut, and uses up no stack", async () => {
    const places = Array.from({ length: 10_000 }, (_, i) => {
      const id = 1000 + 2 * i;
      return `#${id}=IFCSPACE('${i}',#5,'S${i}',$,$,#21,$,$,.ELEMENT.,$,$);
        #${id + 1}=IFCRELAGGREGATES('r${i}',#5,$,$,#${i === 0 ? 24 : id - 2},(#${id}));`;
    });
    const { content, warnings } = await extractIfc(house("IFC4", places.join("\n")));
    expect(depthOf(content.spatial_structure ?? [])).toBe(64);
    expect(warnings.map(({ code }) => code)).toEqual(["IFC_STRUCTURE_CUT"]);
    expect(content.elements.find(({ name }) => name === "S9999")?.storey).toBe("Ground");
  });

  test("of places that contain themselves ends", async () => {
    const loop = `#1000=IFCSPACE('a',#5,'A',$,$,#21,$,$,.ELEMENT.,$,$);
      #1001=IFCSPACE('b',#5,'B',$,$,#21,$,$,.ELEMENT.,$,$);
      #1002=IFCRELAGGREGATES('r1',#5,$,$,#1000,(#1001));
      #1003=IFCRELAGGREGATES('r2',#5,$,$,#1001,(#1000));`;
    const { content, warnings } = await extractIfc(house("IFC4", loop));
    expect(content.elements.find(({ name }) => name === "A")?.storey).toBeNull();
    expect(warnings.map(({ code }) => code)).toEqual(["IFC_STRUCTURE_CUT"]);
  });

  test("whose elements share a large set of properties does not grow without limit", async () => {
    const count = 3_000;
    const properties = Array.from(
      { length: 1_000 },
      (_, i) => `#${100_000 + i}=IFCPROPERTYSINGLEVALUE('P${i}',$,IFCINTEGER(${i}),$);`,
    );
    const list = (first: number, length: number): string => Array.from({ length }, (_, i) => `#${first + i}`).join(",");
    const shared = `${properties.join("\n")}
      #200000=IFCPROPERTYSET('s',#5,'Large',$,(${list(100_000, 1_000)}));
      #200001=IFCRELDEFINESBYPROPERTIES('d',#5,$,$,(${list(1_000, count)}),#200000);`;
    const { content, warnings } = await extractIfc(house("IFC4", walls(count) + shared));
    expect(warnings.map(({ code }) => code)).toEqual(["IFC_PROPERTIES_CUT"]);
    const full = content.elements.filter((element) =>
      Object.keys(element["property_sets"] as object).includes("Large"),
    );
    expect(full.length).toBeGreaterThan(1_900);
    expect(full.length).toBeLessThanOrEqual(2_000);
  });

  test("with properties nested in each other ends", async () => {
    const nested = `#1000=IFCCOMPLEXPROPERTY('Again',$,'u',(#1000,#1001));
      #1001=IFCPROPERTYSINGLEVALUE('Leaf',$,IFCLABEL('x'),$);
      #1002=IFCPROPERTYSET('s',#5,'Loop',$,(#1000));
      #1003=IFCRELDEFINESBYPROPERTIES('d',#5,$,$,(#100),#1002);`;
    const { content } = await extractIfc(house("IFC4", nested));
    expect(JSON.stringify(content.elements[0]?.["property_sets"])).toContain('"Again":{"Again"');
  });
});
