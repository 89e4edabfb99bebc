import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MillraceError } from "../errors.ts";
import { NORMALIZATION_VECTORS } from "./normalization.contract.ts";
import { NORMALIZATION_VERSION, normalizeUrl, TRACKING_PARAMETERS } from "./normalize-url.ts";

/** Query names that are no tracking names and need no escaping. */
const plainName = fc
  .stringMatching(/^[A-Za-z][A-Za-z0-9]{0,6}$/)
  .filter((name) => !/clid$|^(gbraid|wbraid|hsenc|msclkid|igshid|hsctatracking)$/i.test(name));
const value = fc.stringMatching(/^[A-Za-z0-9%+._~=-]{0,8}$/);
const segment = fc.stringMatching(/^[A-Za-z0-9%_~-]{1,6}$/);
const path = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join("/")}`);
const host = fc
  .stringMatching(/^[a-z][a-z0-9]{0,8}(\.[a-z][a-z0-9]{0,5}){1,2}$/)
  .filter((name) => !/^www\./.test(name));
const parameters = fc.uniqueArray(fc.tuple(plainName, value), { selector: ([name]) => name, maxLength: 6 });
const tracker = fc.constantFrom(
  "utm_source",
  "UTM_Term",
  "fbclid",
  "GCLID",
  "_ga",
  "mc_cid",
  "hsCtaTracking",
  "igshid",
);

const queryOf = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.length === 0 ? "" : `?${pairs.map(([name, text]) => `${name}=${text}`).join("&")}`;

describe("normalizeUrl: golden vectors of version 1 (A-S13)", () => {
  it.each(NORMALIZATION_VECTORS)("A-S09 %j is %j", (url, normal) => {
    expect(normalizeUrl(url)).toBe(normal);
  });

  it("A-S09 A-Q04 every normal form is its own normal form", () => {
    for (const [, normal] of NORMALIZATION_VECTORS) expect(normalizeUrl(normal)).toBe(normal);
  });

  it("A-Q04 the vectors belong to the version in force", () => {
    expect(NORMALIZATION_VERSION).toBe(1);
    expect(NORMALIZATION_VECTORS.length).toBeGreaterThanOrEqual(60);
  });
});

describe("normalizeUrl: one spelling", () => {
  it("A-Q04 is idempotent for any address it accepts", () => {
    const anything = fc.oneof(
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
      fc
        .tuple(fc.constantFrom("http", "https"), host, fc.integer({ min: 1, max: 65535 }), fc.string())
        .map(([scheme, name, port, rest]) => `${scheme}://${name}:${port}/${rest}`),
      fc
        .tuple(fc.constantFrom("http://www.", "https://www.www.", "http://"), fc.string({ unit: "binary" }))
        .map(([start, rest]) => start + rest),
      fc.ipV6().map((address) => `http://[${address}]:443/`),
    );
    fc.assert(
      fc.property(anything, (url) => {
        let normal: string;
        try {
          normal = normalizeUrl(url);
        } catch (error) {
          expect(error).toMatchObject({ code: "VALIDATION_FAILED" });
          return;
        }
        expect(normalizeUrl(normal)).toBe(normal);
      }),
      { numRuns: 1_000 },
    );
  });

  it("A-Q04 order of parameters does not matter", () => {
    fc.assert(
      fc.property(host, path, parameters, fc.infiniteStream(fc.nat()), (name, where, pairs, random) => {
        const shuffled = pairs
          .map((pair) => ({ pair, rank: random.next().value }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ pair }) => pair);
        expect(normalizeUrl(`https://${name}${where}${queryOf(shuffled)}`)).toBe(
          normalizeUrl(`https://${name}${where}${queryOf(pairs)}`),
        );
      }),
    );
  });

  it("A-S09 fragment, tracking, scheme, host case, www, userinfo and default port do not matter", () => {
    fc.assert(
      fc.property(
        host,
        path,
        parameters,
        fc.array(fc.tuple(tracker, value), { maxLength: 3 }),
        fc.string(),
        fc.constantFrom("http://", "https://", "HTTP://", "https://me:secret@", "http://www.", "https://WWW.www."),
        (name, where, pairs, trackers, fragment, start) => {
          const port = /^http:/i.test(start) ? ":80" : ":443";
          const spelling = `${start}${name.toUpperCase()}.${port}${where}${queryOf([...trackers, ...pairs])}#${fragment}`;
          expect(normalizeUrl(spelling)).toBe(normalizeUrl(`https://${name}${where}${queryOf(pairs)}`));
        },
      ),
    );
  });

  it("A-Q04 further tracking names come from configuration, as names or patterns", () => {
    const options = { trackingParameters: ["Ref", "pk_*", "*_token"] };
    expect(normalizeUrl("https://example.com/?ref=1&PK_campaign=2&mail_token=3&reference=4", options)).toBe(
      "https://example.com/?reference=4",
    );
    expect(normalizeUrl("https://example.com/?ref=1")).toBe("https://example.com/?ref=1");
    expect(TRACKING_PARAMETERS).toContain("utm_*");
  });
});

describe("normalizeUrl: distinct where a server can tell them apart", () => {
  const distinct: readonly (readonly [rule: string, a: string, b: string])[] = [
    ["path case", "https://example.com/A", "https://example.com/a"],
    ["parameter name case", "https://example.com/?A=1", "https://example.com/?a=1"],
    ["value case", "https://example.com/?a=X", "https://example.com/?a=x"],
    ["order of repeated parameters", "https://example.com/?a=1&a=2", "https://example.com/?a=2&a=1"],
    ["number of repeated parameters", "https://example.com/?a=1&a=1", "https://example.com/?a=1"],
    ["encoded slash", "https://example.com/a%2Fb", "https://example.com/a/b"],
    ["encoded ampersand", "https://example.com/?a=1%26b=2", "https://example.com/?a=1&b=2"],
    ["encoded question mark", "https://example.com/a%3Fb=1", "https://example.com/a?b=1"],
    ["encoded hash", "https://example.com/a%23b", "https://example.com/a#b"],
    ["plus and encoded space", "https://example.com/?q=a+b", "https://example.com/?q=a%20b"],
    ["blank value and none", "https://example.com/?a=", "https://example.com/"],
    ["inner double slash", "https://example.com/a//b", "https://example.com/a/b"],
    ["port", "https://example.com:8443/", "https://example.com/"],
    ["plain http on 443", "http://example.com:443/", "https://example.com/"],
    ["https on 80", "https://example.com:80/", "http://example.com/"],
    ["subdomain", "https://m.example.com/", "https://example.com/"],
    ["v and id", "https://example.com/?v=1", "https://example.com/?v=2"],
    ["lookalike letters", "https://exаmple.com/", "https://example.com/"],
    ["ß and ss", "https://faß.de/", "https://fass.de/"],
  ];
  it.each(distinct)("A-S09 %s", (_rule, a, b) => {
    expect(normalizeUrl(a)).not.toBe(normalizeUrl(b));
  });

  it("A-S09 two addresses share a form only when path and remaining parameters are the same", () => {
    fc.assert(
      fc.property(host, path, path, parameters, parameters, (name, pathA, pathB, pairsA, pairsB) => {
        const sorted = (pairs: readonly (readonly [string, string])[]) => pairs.map((pair) => pair.join("=")).sort();
        const isSame =
          new URL(pathA, "https://x").pathname === new URL(pathB, "https://x").pathname &&
          JSON.stringify(sorted(pairsA)) === JSON.stringify(sorted(pairsB));
        const a = normalizeUrl(`https://${name}${pathA}${queryOf(pairsA)}`);
        const b = normalizeUrl(`https://${name}${pathB}${queryOf(pairsB)}`);
        expect(a === b).toBe(isSame);
      }),
    );
  });
});

describe("normalizeUrl: refusals name their rule", () => {
  const refused: readonly (readonly [input: string, rule: string])[] = [
    ["javascript:alert(1)", "url_scheme"],
    ["JaVaScRiPt://example.com/%0aalert(1)", "url_scheme"],
    ["file:///etc/passwd", "url_scheme"],
    ["file://example.com/etc/passwd", "url_scheme"],
    ["data:text/html,<p>x", "url_scheme"],
    ["blob:https://example.com/1", "url_scheme"],
    ["ftp://example.com/", "url_scheme"],
    ["mailto:a@example.com", "url_scheme"],
    ["ws://example.com/", "url_scheme"],
    ["view-source:https://example.com/", "url_scheme"],
    ["", "url_syntax"],
    ["example.com/a", "url_syntax"],
    ["//example.com/a", "url_syntax"],
    ["/a", "url_syntax"],
    ["http://", "url_syntax"],
    ["https://?a=1", "url_syntax"],
    ["http://user@/", "url_syntax"],
    ["http://./", "url_host"],
    ["https://../a", "url_host"],
    ["http://exa mple.com/", "url_syntax"],
    ["http://example.com:99999/", "url_syntax"],
    ["http://256.0.0.1/", "url_syntax"],
    ["http://www.1.2.3.4/", "url_syntax"],
    ["http://[::1%25lo]/", "url_syntax"],
    ["http://example.com%00/", "url_syntax"],
    [`https://example.com/${"a".repeat(8_192)}`, "url_length"],
  ];
  it.each(refused)("A-Q04 refuses %j by %s", (input, rule) => {
    const attempt = () => normalizeUrl(input);
    expect(attempt).toThrow(MillraceError);
    expect(attempt).toThrow(expect.objectContaining({ code: "VALIDATION_FAILED", retry: "never", details: { rule } }));
  });

  it("A-Q04 takes any text without another error or a noticeable wait", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        try {
          normalizeUrl(text);
        } catch (error) {
          expect(error).toMatchObject({ code: "VALIDATION_FAILED" });
        }
      }),
    );
    const longest = `https://example.com/?${"&a=1".repeat(2_000)}`;
    expect(normalizeUrl(longest).length).toBeLessThan(longest.length);
  });
});
