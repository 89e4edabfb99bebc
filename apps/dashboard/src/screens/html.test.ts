import fc from "fast-check";
import { expect, test } from "vitest";
import { html, htmlText } from "./html.ts";

test("escapes every value, in text and in attributes", () => {
  const nasty = `<script>alert("x")</script> & 'y'`;
  expect(htmlText(html`<p title="${nasty}">${nasty}</p>`)).toBe(
    '<p title="&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;">' +
      "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;</p>",
  );
});

test("no text can open a tag or leave an attribute", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(htmlText(html`${text}`)).not.toMatch(/[<>"']/);
    }),
  );
});

test("takes parts made by itself, lists of them, and leaves out what is not there", () => {
  const items = ["a", "<b>"].map((item) => html`<li>${item}</li>`);
  expect(htmlText(html`<ul>${items}${null}${undefined}${false}${0}</ul>`)).toBe(
    "<ul><li>a</li><li>&lt;b&gt;</li>0</ul>",
  );
});

test("a value from a database that looks like HTML of ours is not taken for it", () => {
  const forged = JSON.parse('{"html":"<script>"}');
  expect(() => htmlText(html`${forged}`)).toThrow();
});
