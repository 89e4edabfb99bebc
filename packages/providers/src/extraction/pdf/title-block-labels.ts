export type TitleBlockField =
  | "drawing_number"
  | "title"
  | "revision"
  | "date"
  | "author"
  | "company"
  | "scale"
  | "sheet"
  | "material"
  | "finish";

const NUMBER_SIGN = "(?:no|nr|num(?:ber)?|nummer|#)\\.?";

/** What drawings write beside or above a field, English and German (ISO 7200, ASME Y14.1). */
const LABELS: Readonly<Record<TitleBlockField, string>> = {
  drawing_number: `(?:drawing|dwg|drg|document|doc|part|zeichnungs|sach|teile)\\.?[- ]?${NUMBER_SIGN}|zeichnungsnummer|dwg`,
  title: "(?:drawing )?title|description|part name|benennung|titel|bezeichnung",
  revision: "rev(?:ision)?\\.?(?: (?:no|index)\\.?)?|issue|änderungsindex|index",
  date: "(?:drawing |issue )?date|date (?:drawn|of issue)|drawn date|datum",
  author:
    "author|drawn(?: by)?|drn\\.?|designed by|created by|designer|gezeichnet|gez\\.?|bearb(?:eitet|\\.)?|ersteller",
  company: "company|client|customer|organi[sz]ation|legal owner|owner|firma|kunde",
  scale: "scale|maßstab|massstab|m\\.?st\\.?",
  sheet: "sheet(?: no\\.?)?|sht\\.?|page|blatt",
  material: "material|mat'?l\\.?|werkstoff",
  finish: "(?:surface )?finish|surface|coating|treatment|oberfläche",
};

const PATTERNS = Object.entries(LABELS).map(([field, words]) => ({
  field: field as TitleBlockField,
  whole: new RegExp(`^(?:${words})\\s*[:.]?$`, "iu"),
  leading: new RegExp(`^(?:${words})\\s*[:=]\\s*(?<value>\\S.*)$`, "iu"),
}));

export interface Label {
  readonly field: TitleBlockField;
  /** What stands behind the colon; undefined when the label stands alone. */
  readonly value: string | undefined;
}

/** The field a text names, if it names one. */
export function labelIn(text: string): Label | undefined {
  if (text.length > 200) return undefined;
  const trimmed = text.trim();
  for (const { field, whole, leading } of PATTERNS) {
    if (whole.test(trimmed)) return { field, value: undefined };
    const value = leading.exec(trimmed)?.groups?.["value"];
    if (value !== undefined) return { field, value: value.trim() };
  }
  return undefined;
}

/** Any other `Name: value`. */
export function customFieldIn(text: string): { readonly name: string; readonly value: string } | undefined {
  const { name, value } =
    /^(?<name>\p{L}[\p{L}\d .'/-]{1,38}?)\s*:\s+(?<value>\S.{0,200})$/u.exec(text.trim())?.groups ?? {};
  return name === undefined || value === undefined ? undefined : { name, value };
}
