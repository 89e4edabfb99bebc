import type { CostSum, VideoChannel } from "@millrace/db";
import { z } from "zod";
import { type Html, html } from "./html.ts";
import { pageText, type Shell } from "./page.ts";
import { moneyText, videoNav } from "./task-parts.ts";

export interface ChannelsView {
  readonly channels: readonly VideoChannel[];
  /** Spent since midnight and since Monday, UTC. */
  readonly today: readonly CostSum[];
  readonly week: readonly CostSum[];
}

const config = z.object({
  scale: z.object({ assets: z.number(), clips: z.number(), seconds: z.number() }).nullable().catch(null),
  budget_daily_usd: z.number().nullable().catch(null),
  budget_weekly_usd: z.number().nullable().catch(null),
  default_privacy: z.string().catch(""),
});

/** Channels that make videos: room, what waits, what is spent. */
export function channelsScreen(shell: Shell, view: ChannelsView): string {
  return pageText({
    title: "Channels",
    shell,
    body: html`<h1>Channels ${videoNav("/channels")}</h1>
    <section data-live>${
      view.channels.length === 0
        ? html`<p class="empty">No channels of videos. A file in <code>CHANNEL_CONFIGS_DIR</code> or <code>millrace channels put</code> makes one.</p>`
        : table(view)
    }</section>`,
  });
}

function table({ channels, today, week }: ChannelsView): Html {
  return html`<table>
    <thead><tr><th>Channel</th><th>In progress</th><th>Waiting</th><th>Makes</th><th>Today</th><th>This week</th><th>Quota pool</th><th>Credentials</th></tr></thead>
    <tbody>${channels.map((channel) => {
      const { scale, budget_daily_usd, budget_weekly_usd, default_privacy } = config.parse(channel.config ?? {});
      return html`<tr>
        <td><a href="/tasks?channel=${channel.id}">${channel.channelName}</a> ${!channel.isActive && html`<span class="pill cancelled">off</span>`}
          <br><span class="note"><code>${channel.channelId}</code> · from ${channel.source === "file" ? "its file" : "the API"}</span></td>
        <td>${capacity(channel)}</td>
        <td class="number">${channel.pending}</td>
        <td class="note">${scale && `${scale.assets} images, ${scale.clips} clips, ${scale.seconds} s`}<br>${default_privacy}</td>
        <td>${spent(today, channel, budget_daily_usd)}</td>
        <td>${spent(week, channel, budget_weekly_usd)}</td>
        <td><code>${channel.quotaPool}</code></td>
        <td class="note">${channel.credentials.length === 0 ? "none" : channel.credentials.join(", ")}</td>
      </tr>`;
    })}</tbody>
  </table>`;
}

function capacity({ inProgress, maxInFlight, hasCapacity }: VideoChannel): Html {
  if (maxInFlight === null) return html`<span class="number">${inProgress}</span>`;
  return html`<meter min="0" max="${maxInFlight}" value="${Math.min(inProgress, maxInFlight)}"></meter>
    <span class="number">${inProgress} of ${maxInFlight}</span>${!hasCapacity && html`<br><span class="stale">full</span>`}`;
}

function spent(sums: readonly CostSum[], { channelId }: VideoChannel, budget: number | null): Html {
  const usd = sums.filter(({ channel }) => channel === channelId).reduce((sum, { costUsd }) => sum + costUsd, 0);
  const text = html`<span class="number">${moneyText(usd)}</span>`;
  if (budget === null) return text;
  return html`<span ${usd > budget && html`class="stale"`}>${text} of ${moneyText(budget)}</span>`;
}
