import type { TaskRow } from "@millrace/db";
import { VIDEO_STEPS, type VideoStep, type VideoUnit } from "@millrace/pipelines";
import { type Html, html } from "./html.ts";
import { durationText } from "./show-time.ts";

/** Where the bytes of a unit are; what they are is in the address, so a browser may keep them. */
export function unitPath(taskId: string, { step, unit, sha256 }: Pick<VideoUnit, "step" | "unit" | "sha256">): string {
  const name = unit.split("/").map(encodeURIComponent).join("/");
  return `/tasks/${taskId}/units/${step}/${name}?v=${sha256.slice(0, 16)}`;
}

/** The finished video, once it was put together. */
export function finalVideo(task: Pick<TaskRow, "id">, units: readonly VideoUnit[]): Html | null {
  const unit = units.find(({ step, unit: name }) => step === "assembly" && name === "final");
  if (unit === undefined) return null;
  return html`<h2>The video</h2>
  <video class="final" controls preload="metadata" src="${unitPath(task.id, unit)}"></video>
  <p class="note">${unit.seconds !== null && html`${durationText(unit.seconds * 1_000)}, `}${sizeText(unit.bytes)}${unit.isRejected && html`, <b>rejected</b>`}.
  <a href="${unitPath(task.id, unit)}" download="${task.id}.mp4">Download</a></p>`;
}

/** What each step has made. `choosing`: the step whose units can be marked for making again, in that form. */
export function unitGallery(
  task: Pick<TaskRow, "id">,
  units: readonly VideoUnit[],
  choosing: { readonly step: VideoStep; readonly form: string } | null,
): readonly Html[] {
  return VIDEO_STEPS.flatMap((step) => {
    const made = units.filter((unit) => unit.step === step && unit.unit !== "final");
    if (made.length === 0) return [];
    const form = choosing?.step === step ? choosing.form : null;
    // what people decide about now lies open
    return [
      html`<details class="units" ${(form !== null || step === "assets") && html`open data-open`}>
      <summary><b>${step}</b> <span class="number">${made.length}</span></summary>
      <div class="gallery">${made.map((unit) => figure(task, unit, { form, still: stillOf(units, unit) }))}</div>
    </details>`,
    ];
  });
}

/** The frame that a clip was made from. */
function stillOf(units: readonly VideoUnit[], { step, unit }: VideoUnit): VideoUnit | undefined {
  return step === "video" ? units.find((each) => each.step === "composites" && each.unit === unit) : undefined;
}

function figure(
  task: Pick<TaskRow, "id">,
  unit: VideoUnit,
  { form, still }: { readonly form: string | null; readonly still: VideoUnit | undefined },
): Html {
  return html`<figure class="${unit.isRejected ? "rejected" : "kept"}">
    ${medium(task, unit, still)}
    <figcaption>
      ${form === null ? html`<span>${unit.unit}</span>` : html`<label><input type="checkbox" form="${form}" name="unit" value="${unit.unit}"> ${unit.unit}</label>`}
      <span class="note">${unit.seconds !== null && `${unit.seconds.toFixed(1)} s`}${unit.take > 1 && ` take ${unit.take}`}${unit.isRejected && html` <b>rejected</b>`}</span>
    </figcaption>
  </figure>`;
}

function medium(task: Pick<TaskRow, "id">, unit: VideoUnit, still: VideoUnit | undefined): Html {
  const src = unitPath(task.id, unit);
  if (unit.mediaType.startsWith("image/")) {
    return html`<a href="${src}"><img loading="lazy" src="${src}" alt="${unit.step} ${unit.unit}"></a>`;
  }
  if (unit.mediaType.startsWith("video/")) {
    return html`<video controls preload="none" ${still && html`poster="${unitPath(task.id, still)}"`} src="${src}" aria-label="${unit.step} ${unit.unit}"></video>`;
  }
  if (unit.mediaType.startsWith("audio/")) {
    return html`<audio controls preload="none" src="${src}" aria-label="${unit.step} ${unit.unit}"></audio>`;
  }
  return html`<a href="${src}">${unit.mediaType}</a>`;
}

function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(0)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
