/** Answers to one drawing, in the words and types of Werk24's public models (v2): decimals are text. */
export const REQUEST_ID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";

/** One white pixel. */
export const THUMBNAIL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==",
  "base64",
);

const v2 = (ask_type: string) => ({ ask_version: "v2", ask_type, page_type: "COMPONENT_DRAWING" });
const sure = (score: string | null) => (score === null ? null : { score });
const mm = (value: string, size_type = "LINEAR", tolerance: object | null = null) => ({
  value,
  unit: "millimeter",
  size_type,
  tolerance,
});
const tolerance = (fields: object) => ({
  tolerance_grade: null,
  deviation_lower: null,
  deviation_upper: null,
  fit: null,
  is_theoretically_exact: false,
  is_reference: false,
  is_general_tolerance: false,
  is_approximation: false,
  ...fields,
});

const FEATURES = {
  ...v2("FEATURES"),
  dimensions: [
    {
      reference_id: 10,
      label: "Ø20 H7",
      confidence: sure("0.97"),
      quantity: 2,
      size: mm(
        "20",
        "DIAMETER",
        tolerance({ fit: "H7", tolerance_grade: "IT7", deviation_lower: "0", deviation_upper: "0.021" }),
      ),
    },
    {
      reference_id: 11,
      label: "45 ±0.1",
      confidence: sure("0.70"),
      quantity: 1,
      size: mm("45", "LINEAR", tolerance({ deviation_lower: "-0.1", deviation_upper: "0.1" })),
    },
    {
      reference_id: 12,
      label: "(7)",
      confidence: sure("0.42"),
      quantity: 1,
      size: mm("7", "LINEAR", tolerance({ is_reference: true })),
    },
  ],
  radii: [
    {
      reference_id: 13,
      label: "R PLANE",
      confidence: null,
      quantity: 1,
      curvature_type: "PLANE",
      size: mm("Infinity"),
    },
  ],
  chamfers: [
    {
      reference_id: 14,
      label: "1x45°",
      confidence: sure("0.9"),
      quantity: 4,
      size: mm("1"),
      angle: { value: "45", unit: "degree", size_type: "ANGULAR", tolerance: null },
    },
  ],
  bores: [
    {
      reference_id: 15,
      label: "Ø6 ↧13.4",
      confidence: sure("0.88"),
      quantity: 6,
      diameter: mm("6", "DIAMETER"),
      depth: { depth_type: "SIZE", size: mm("13.4") },
      counterbore: null,
      countersink: null,
      counterdrill: null,
      thread: null,
    },
  ],
  gdnts: [
    {
      reference_id: 16,
      label: "[⌖|Ø0.05 Ⓜ|A|B]",
      confidence: sure("0.91"),
      characteristic: "⌖",
      zone: { value: mm("0.05", "DIAMETER"), extend: null, combination: null, offset: null, constraint: null },
      feature: null,
      reference: null,
      material_condition: "Ⓜ",
      state: null,
      datums: [{ label: "A" }, { label: "B" }],
    },
    {
      reference_id: 17,
      label: "[⏥|0.02]",
      confidence: sure("0.65"),
      characteristic: "⏥",
      zone: { value: mm("0.02") },
      feature: null,
      reference: null,
      material_condition: null,
      state: null,
      datums: [],
    },
  ],
  threads: [
    {
      reference_id: 18,
      label: "M5x0.8",
      confidence: sure("0.95"),
      thread_type: "ISO_METRIC",
      quantity: "4",
      diameter: mm("5", "DIAMETER"),
      spacing: { pitch_in_mm: "0.8", threads_per_inch: "31.75" },
      handedness: "RIGHT",
      depth: { depth_type: "THROUGH", size: null },
      female_pitch_diameter_tolerance: tolerance({ fit: "6H" }),
    },
    {
      reference_id: 19,
      label: "1/4-20 UNC-2A",
      confidence: sure("0.93"),
      thread_type: "UTS",
      quantity: "1",
      diameter: { value: "0.25", unit: "inch", size_type: "DIAMETER", tolerance: null },
      spacing: { pitch_in_mm: "1.27", threads_per_inch: "20" },
      handedness: "RIGHT",
      uts_size: "1/4",
      uts_series: "UNC",
      uts_tolerance_class: "2A",
    },
  ],
  roughnesses: [
    {
      reference_id: 20,
      label: "√ Ra 1.6",
      confidence: sure("0.9"),
      standard: "ISO 1302:2002",
      machining_allowance: null,
      material_removal_type: "REQUIRED",
      applies_all_around: false,
      direction_of_lay: "⟂",
      manufacturing_process: "turned",
      conditions: [
        {
          condition_type: "UPPER",
          filter_type: null,
          parameter: "Ra",
          acceptance_criterion: null,
          value: { value: "1.6", unit: "micrometer", size_type: "LINEAR" },
          roughness_grade: "N7",
        },
      ],
      waviness: null,
    },
  ],
};

const META_DATA = {
  ...v2("META_DATA"),
  bill_of_material: null,
  certifications: [],
  designation: [{ reference_id: 1, language: "ENG", value: "ADAPTER" }],
  identifiers: [
    {
      reference_id: 0,
      language: null,
      value: "WK2401",
      identifier_type: "DRAWING_NUMBER",
      stakeholder: "OWNER",
      period: "CURRENT",
    },
    {
      reference_id: 2,
      language: null,
      value: "WK2399",
      identifier_type: "DRAWING_NUMBER",
      stakeholder: "OWNER",
      period: "PREVIOUS",
    },
    {
      reference_id: 3,
      language: null,
      value: "Acme GmbH",
      identifier_type: "MANUFACTURER_NAME",
      stakeholder: null,
      period: null,
    },
  ],
  general_roughness: {
    reference_id: 4,
    label: "√ Rz 25",
    confidence: null,
    standard: "ISO 1302:2002",
    material_removal_type: "UNSPECIFIED",
    applies_all_around: false,
    direction_of_lay: null,
    manufacturing_process: "",
    conditions: [
      { condition_type: "UPPER", parameter: "Rz", value: { value: "25", unit: "micrometer" }, roughness_grade: null },
    ],
  },
  general_tolerances: {
    reference_id: 5,
    tolerance_standard: "ISO 2768",
    tolerance_class: "m",
    principle: "INDEPENDENCE",
  },
  languages: ["ENG"],
  material_options: [
    {
      reference_id: 6,
      material_combination: [
        {
          raw_ocr: "20MnCr5",
          standard: "DIN EN 10084",
          designation: "20MnCr5",
          material_category: ["FERROUS_ALLOY", "STEEL", null],
        },
      ],
    },
  ],
  notes: [{ reference_id: 7, label: "Deburr all edges", confidence: null, note_type: "CANVAS_NOTE" }],
  projection_method: { reference_id: 8, projection_method: "FIRST_ANGLE" },
  unit_systems: [{ reference_id: 9, unit_system_type: "METRIC" }],
  weight: { reference_id: 21, value: "1.025", unit: "kilogram" },
};

const INSIGHTS = {
  ...v2("INSIGHTS"),
  dimensions_before_processing: null,
  dimensions_after_processing: {
    enclosing_cuboid: { width: mm("80"), height: mm("45"), depth: mm("20") },
    enclosing_cylinder: null,
  },
  primary_process_options: [{ primary_process: "MILLING", axis_count: 3 }],
  secondary_processes: [],
  volume_estimate: { value: "72000", unit: "millimeter ** 3", volume_estimate_type: "UPPER_BOUND_IGNORING_CAVITIES" },
};

/** By ask; `http://fake` stands for the fake's own address. */
export const ANSWERS: Readonly<
  Record<string, { readonly payload_dict: object | null; readonly payload_url?: string }>
> = {
  FEATURES: { payload_dict: FEATURES },
  META_DATA: { payload_dict: META_DATA },
  INSIGHTS: { payload_dict: INSIGHTS },
  SHEET_IMAGES: { payload_dict: null, payload_url: "http://fake/thumbnail" },
};
