import { html } from "./html.ts";
import { pageText, type Shell } from "./page.ts";

/** A screen that says what is wrong in place of the one that was asked for. */
export function troubleScreen(
  shell: Shell,
  { title, text }: { readonly title: string; readonly text: string },
): string {
  return pageText({
    title,
    shell,
    body: html`<section class="trouble"><h1>${title}</h1><p>${text}</p><p><a href="/">All jobs</a></p></section>`,
  });
}
