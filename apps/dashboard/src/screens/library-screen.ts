import type { TaskRow, VideoChannel } from "@millrace/db";
import type { VideoUnit } from "@millrace/pipelines";
import { type Html, html } from "./html.ts";
import { pageText, type Shell } from "./page.ts";
import { agoTag, durationText } from "./show-time.ts";
import { videoNav } from "./task-parts.ts";
import { unitPath } from "./task-units.ts";

export interface LibraryView {
  readonly videos: readonly { readonly task: TaskRow; readonly units: readonly VideoUnit[] }[];
  readonly channels: readonly VideoChannel[];
  readonly channel: string | undefined;
  readonly after: string | undefined;
  readonly isFirstPage: boolean;
  readonly now: Date;
}

/** What was published, to look at. */
export function libraryScreen(shell: Shell, view: LibraryView): string {
  const { videos, channels, channel, after, isFirstPage, now } = view;
  const tab = (name: string, id: string | undefined): Html =>
    html`<a href="/library${id !== undefined && html`?channel=${id}`}" ${id === channel && html`aria-current="true"`}>${name}</a>`;
  const own = channel === undefined ? "" : `&channel=${channel}`;
  return pageText({
    title: "Library",
    shell,
    body: html`<h1>Library ${videoNav("/library")}</h1>
    <p class="filters"><span class="tabs">${tab("all", undefined)}${channels.map(({ id, channelName }) => tab(channelName, id))}</span></p>
    ${videos.length === 0 ? html`<p class="empty">Nothing is published yet.</p>` : html`<div class="shelf">${videos.map((video) => item(video, now))}</div>`}
    <p class="pages">
      ${!isFirstPage && html`<a href="/library${channel !== undefined && html`?channel=${channel}`}">← Newest</a>`}
      ${after !== undefined && html`<a class="push" href="/library?after=${after}${own}">Older →</a>`}
    </p>`,
  });
}

function item({ task, units }: LibraryView["videos"][number], now: Date): Html {
  const final = units.find(({ step, unit }) => step === "assembly" && unit === "final");
  const poster = units.find(({ step }) => step === "composites");
  return html`<article class="card">
    ${
      final === undefined
        ? html`<p class="empty">Its file was removed here.</p>`
        : html`<video controls preload="none" ${poster && html`poster="${unitPath(task.id, poster)}"`} src="${unitPath(task.id, final)}" aria-label="${task.title}"></video>`
    }
    <a href="/tasks/${task.id}"><b>${task.title}</b></a>
    <p class="note">${task.channelName}${task.finalVideoDuration !== null && html` · ${durationText(task.finalVideoDuration * 1_000)}`} · ${agoTag(task.statusSince, now)}</p>
  </article>`;
}
