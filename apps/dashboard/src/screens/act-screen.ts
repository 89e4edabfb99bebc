import type { Actor } from "../video/actors.ts";
import { html } from "./html.ts";
import { pageText, type Shell } from "./page.ts";

/** Where somebody says with which key they act. */
export function actScreen(
  shell: Shell,
  { next, actor, message }: { readonly next: string; readonly actor: Actor | null; readonly message?: string },
): string {
  return pageText({
    title: "Act with a key",
    shell,
    body: html`<form class="login" method="post" action="/act">
      <h1>Act with a key</h1>
      ${message !== undefined && html`<p class="banner" role="alert">${message}</p>`}
      ${actor !== null && html`<p>You act as <b>${actor.name}</b>. <button class="quiet" name="end" value="1" formnovalidate>Only look</button></p>`}
      <input type="hidden" name="next" value="${next}">
      <label>API key <input type="password" name="key" autocomplete="off" required></label>
      <button>Go on</button>
      <p class="note">Deciding, queueing and cancelling happen on behalf of a key with the scope <code>tasks:write</code>, and the history names
      it. Its roles and its owner hold as in the API. <code>millrace keys create</code> makes one; <code>npm start</code> prints yours.</p>
    </form>`,
  });
}
