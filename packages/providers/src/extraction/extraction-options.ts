/** What a caller may ask of each format (B2.3), every default filled in. */
export interface PdfOptions {
  readonly extract_tables: boolean;
  readonly extract_text: boolean;
  readonly extract_dimensions: boolean;
  readonly extract_title_block: boolean;
  readonly use_ocr: boolean;
  readonly ocr_language: string;
  /** 1-based; null for all. */
  readonly pages: readonly number[] | null;
  readonly table_detection_strategy: "lines" | "text" | "stream";
}

export interface DxfOptions {
  readonly extract_layers: boolean;
  readonly extract_blocks: boolean;
  readonly extract_dimensions: boolean;
  readonly extract_text: boolean;
  readonly extract_title_block: boolean;
  readonly extract_geometry: boolean;
  readonly include_model_space: boolean;
  readonly include_paper_space: boolean;
  /** Names of the layers that count; null for all. */
  readonly layer_filter: readonly string[] | null;
}

export interface IfcOptions {
  readonly extract_properties: boolean;
  readonly extract_quantities: boolean;
  readonly extract_materials: boolean;
  readonly extract_spatial_structure: boolean;
  readonly extract_geometry: boolean;
  /** Classes such as IfcWall, in any case; null for all. */
  readonly element_types: readonly string[] | null;
}

export interface StepOptions {
  readonly extract_assembly: boolean;
  readonly extract_parts: boolean;
  readonly calculate_volumes: boolean;
  readonly calculate_areas: boolean;
  readonly calculate_centroids: boolean;
  readonly count_shapes: boolean;
}

export interface Werk24Options {
  readonly extract_dimensions: boolean;
  readonly extract_gdt: boolean;
  readonly extract_threads: boolean;
  readonly extract_surface_finish: boolean;
  readonly extract_materials: boolean;
  readonly extract_title_block: boolean;
  /** 0 to 1; what Werk24 is less sure of is left out. */
  readonly confidence_threshold: number;
}

export interface OptionsByFormat {
  readonly pdf: PdfOptions;
  readonly dxf: DxfOptions;
  readonly ifc: IfcOptions;
  readonly step: StepOptions;
  readonly werk24: Werk24Options;
}
