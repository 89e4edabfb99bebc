import { html } from "./html.ts";
import { pageText } from "./page.ts";

export function loginScreen({ next, message }: { readonly next: string; readonly message?: string }): string {
  return pageText({
    title: "Sign in",
    body: html`<form class="login" method="post" action="/login">
      <h1><img src="/assets/millrace.svg" alt="" width="32" height="32"> Millrace</h1>
      ${message !== undefined && html`<p class="banner" role="alert">${message}</p>`}
      <input type="hidden" name="next" value="${next}">
      <input type="text" name="username" value="millrace" autocomplete="username" hidden>
      <label>Password <input type="password" name="password" autocomplete="current-password" autofocus required></label>
      <button>Sign in</button>
      <p class="note">The password is the <code>DASHBOARD_PASSWORD</code> this dashboard was started with;
      <code>npm start</code> prints it.</p>
    </form>`,
  });
}
