import type { JsonObject } from "@millrace/core";

export interface AttributeValue {
  readonly tag: string;
  readonly value: string;
  /** What the block's author called it, where the definition says so. */
  readonly prompt: string | null;
}

/** Labels as title blocks use them, in English and German, spelled without spaces, signs and umlauts. */
const LABELS: Readonly<Record<string, string>> = {
  drawing_number:
    "drawingnumber drawingno drawingnr drawingnum drawnumber drawno drwno drwnr drwnum dwgno dwgnr dwgnum dwgnumber dwg " +
    "drgno docno docnumber documentnumber documentno partnumber partno itemnumber number no identnumber " +
    "zeichnungsnummer zeichnungsnr zeichnungnr zeichnungnummer zeichnnr zeichnr zchnr zngnr znr sachnummer sachnr " +
    "dokumentnummer dokumentennummer dokumentnr artikelnummer artikelnr teilenummer teilenr identnummer identnr nummer nr " +
    "gentitlenr",
  title:
    "title drawingtitle dwgtitle title1 titleline1 name partname description desc description1 designation subject " +
    "titel titel1 benennung benennung1 bezeichnung bezeichnung1 zeichnungstitel zeichnungsname gegenstand gentitledes1",
  revision:
    "revision rev revno revnr revisionno revisionnumber revisionnr revindex revlevel index issue version " +
    "aenderungsindex aenderungsstand aenderung aendindex aeindex revisionsstand revisionsnummer ausgabe stand",
  date:
    "date dat drawndate drawingdate datedrawn createdate creationdate issuedate dateofissue " +
    "datum erstelldatum zeichnungsdatum erstelltam gezeichnetam gezdatum ausgabedatum gentitledat",
  author:
    "author drawnby drawn drawer draftsman designer designedby designed createdby creator engineer dr drn " +
    "gezeichnet gez gezvon gezeichnetvon bearbeiter bearbeitet bearb ersteller erstelltvon erstellt konstrukteur " +
    "verfasser autor zeichner gentitlename",
  company:
    "company companyname organisation organization firm manufacturer legalowner owner " +
    "firma firmenname unternehmen hersteller gesellschaft eigentuemer",
  scale: "scale drawingscale scalefactor massstab masstab mst gentitlesca",
  sheet:
    "sheet sheetno sheetnr sheetnumber sheetnum page pageno blatt blattnr blattnummer seite seitennr gentitlesheet",
  material: "material materials mat materialspec werkstoff halbzeug rohmaterial gentitlemat1 gentitlemat",
  finish:
    "finish surfacefinish surface surfacetreatment coating treatment " +
    "oberflaeche oberflaechenbehandlung oberflaechenguete beschichtung behandlung",
};
const FIELD_OF_LABEL = new Map(
  Object.entries(LABELS).flatMap(([field, labels]) => labels.split(" ").map((label) => [label, field] as const)),
);
const FIELDS = Object.keys(LABELS);

/** Names by which blocks are known to be title blocks; one recognised attribute is enough then, two otherwise. */
const TITLE_BLOCK_NAME =
  /title|titel|schriftf|zeichnungskopf|plankopf|rahmen|border|frame|sheet|blatt|stamp|stempel|kopf/i;

function labelOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/ä/g, "ae")
    .replace(/ö/g, "oe")
    .replace(/ü/g, "ue")
    .replace(/ß/g, "ss")
    .normalize("NFKD")
    .replace(/[^a-z0-9]/g, "");
}

function fieldOf({ tag, prompt }: AttributeValue): string | undefined {
  return FIELD_OF_LABEL.get(labelOf(tag)) ?? (prompt === null ? undefined : FIELD_OF_LABEL.get(labelOf(prompt)));
}

export interface TitleBlock {
  /** How many fields were recognised; the best of a drawing's blocks is its title block. */
  readonly score: number;
  readonly fields: JsonObject;
}

/** Reads a block's attributes as a title block; undefined when they are not one. */
export function readTitleBlock(blockName: string, attributes: readonly AttributeValue[]): TitleBlock | undefined {
  const known = new Map<string, string>();
  const custom: [string, string][] = [];
  let recognised = 0;
  for (const attribute of attributes) {
    const field = fieldOf(attribute);
    if (field !== undefined) recognised += 1;
    if (field !== undefined && !known.has(field) && attribute.value !== "") known.set(field, attribute.value);
    else custom.push([attribute.tag, attribute.value]);
  }
  if (known.size === 0 || (recognised < 2 && !TITLE_BLOCK_NAME.test(blockName))) return undefined;
  const fields = Object.fromEntries(FIELDS.map((field) => [field, known.get(field) ?? null]));
  return { score: known.size, fields: { ...fields, custom_fields: Object.fromEntries(custom), block: blockName } };
}
