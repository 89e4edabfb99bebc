import { type Html, type HtmlValue, html, htmlText } from "./html.ts";

export interface PageFrame {
  readonly title: string;
  /** Absent on the sign-in screen. */
  readonly shell?: Shell;
  readonly body: HtmlValue;
}

/** What every screen behind the login shows around its own part. */
export interface Shell {
  readonly version: string;
  readonly backend: "redis" | "postgres";
  readonly isQueueUp: boolean;
}

/** A whole HTML document. */
export function pageText({ title, shell, body }: PageFrame): string {
  return htmlText(html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="robots" content="noindex">
  <title>${title} · Millrace</title>
  <link rel="icon" href="/assets/millrace.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/assets/console.css">
  <script defer src="/assets/console.js"></script>
</head>
<body>
${shell === undefined ? null : header(shell)}
<main>${shell !== undefined && !shell.isQueueUp && queueDown(shell)}${body}</main>
</body>
</html>
`);
}

function header({ version, backend, isQueueUp }: Shell): Html {
  return html`<header>
  <a class="brand" href="/"><img src="/assets/millrace.svg" alt="" width="22" height="22"> Millrace</a>
  <nav><a href="/">Jobs</a> <a href="/bulk">Batches</a> <a href="/tasks">Videos</a> <a href="/alerts">Alerts</a> <a href="/board">Queue board</a></nav>
  <span class="push note" title="${isQueueUp ? "The queue answers" : "The queue does not answer"}">
    <span class="dot ${isQueueUp ? "good" : "bad"}"></span> ${backend === "redis" ? "Redis" : "Postgres queue"}
  </span>
  <span class="note">${version}</span>
  <form method="post" action="/logout"><button class="quiet">Sign out</button></form>
</header>`;
}

function queueDown({ backend }: Shell): Html {
  const name = backend === "redis" ? "Redis" : "The queue";
  return html`<p class="banner" role="alert"><strong>${name} does not answer.</strong> Nothing is lost: every job is in
  Postgres and goes on when the queue is back. What is shown here comes from Postgres.</p>`;
}
