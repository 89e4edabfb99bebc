import type { ApiClient, Body } from "../api-client.ts";
import type { Terminal } from "../terminal.ts";

export interface CostQuestion {
  readonly from?: string;
  readonly to?: string;
  readonly by: string;
  readonly channel?: string;
  readonly json: boolean;
}

/** What videos cost, a line for each channel, component and period. */
export async function showCosts(api: ApiClient, { say, colour }: Terminal, asked: CostQuestion): Promise<void> {
  const { from, to, by, channel, json } = asked;
  const query = new URLSearchParams({ by, ...(from && { from }), ...(to && { to }), ...(channel && { channel }) });
  const { body } = await api.get<Body<"readCosts">>(`/api/v1/costs?${query}`);
  if (json) {
    say(JSON.stringify(body, null, 2));
    return;
  }
  say(colour.dim(`${body.from} to ${body.to}`));
  for (const row of body.costs) {
    const unpriced = row.unpriced === 0 ? "" : `, ${row.unpriced} of unknown price`;
    const head = [...(row.period === null ? [] : [row.period]), row.channel.padEnd(16), row.component.padEnd(24)];
    say(
      [...head, `$ ${row.cost_usd.toFixed(4)}`, `${row.api_calls} calls for ${row.tasks} tasks${unpriced}`].join("  "),
    );
  }
  say(colour.bold(`$ ${body.total_cost_usd.toFixed(4)} in all`));
}
