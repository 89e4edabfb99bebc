import { describe, expect, it } from "vitest";
import { classifyUrl, identifyUrl, type UrlClass } from "./classify-url.ts";

const known: readonly (readonly [url: string, urlClass: UrlClass, name: string])[] = [
  ["https://youtu.be/dQw4w9WgXcQ", "youtube", "dQw4w9WgXcQ"],
  ["https://github.com/oban-bg/oban", "github_repo", "oban-bg/oban"],
  ["https://www.github.com/rails/solid_queue.git", "github_repo", "rails/solid_queue"],
  ["http://github.com/riverqueue/river/blob/master/README.md", "github_repo", "riverqueue/river"],
  ["https://arxiv.org/abs/1706.03762", "arxiv", "1706.03762"],
  ["https://arxiv.org/pdf/1706.03762v5.pdf", "arxiv", "1706.03762v5"],
  ["https://export.arxiv.org/abs/hep-th/9901001", "arxiv", "hep-th/9901001"],
  ["https://arxiv.org/abs/math.GT/0309136", "arxiv", "math.GT/0309136"],
  ["https://doi.org/10.1145/3386367.3431315", "doi", "10.1145/3386367.3431315"],
  ["https://dx.doi.org/10.1000/a%2Fb", "doi", "10.1000/a/b"],
  ["https://pypi.org/project/requests/", "pypi", "requests"],
  ["https://pypi.org/project/zope.interface/6.0/", "pypi", "zope.interface"],
  ["https://pypi.python.org/pypi/requests", "pypi", "requests"],
  ["https://www.npmjs.com/package/bullmq", "npm", "bullmq"],
  ["https://npmjs.com/package/@types/node", "npm", "@types/node"],
  ["https://www.npmjs.com/package/%40types/node/v/20.0.0", "npm", "@types/node"],
];

const web: readonly string[] = [
  "https://example.com/a",
  "https://github.com/",
  "https://github.com/oban-bg",
  "https://github.com/topics/queue",
  "https://github.com/orgs/nodejs",
  "https://github.com/a/..%2f",
  "https://gist.github.com/a/b",
  "https://github.com.evil.example/a/b",
  "https://github.com:8443/a/b",
  "https://arxiv.org/list/cs.AI/recent",
  "https://notarxiv.org/abs/1706.03762",
  "https://doi.org/",
  "https://doi.org/10.1/x",
  "https://pypi.org/help/",
  "https://www.npmjs.com/~someone",
  "https://www.youtube.com/@someone",
];

describe("classifyUrl", () => {
  it.each(known)("A2.3 %s is %s", (url, urlClass, name) => {
    expect(classifyUrl(url)).toBe(urlClass);
    expect(identifyUrl(url)).toEqual({ class: urlClass, name });
  });

  it.each(web)("A2.3 %s is an ordinary page", (url) => {
    expect(identifyUrl(url)).toMatchObject({ class: "web" });
  });

  it("A2.3 what is no http address has no identity, and counts as a page nobody can fetch", () => {
    for (const text of ["mailto:a@example.com", "javascript:alert(1)", "../relative", ""]) {
      expect(identifyUrl(text)).toBeUndefined();
      expect(classifyUrl(text)).toBe("web");
    }
  });
});
