import { canonicalHost, parseHttpUrl } from "./parse-http-url.ts";
import { youtubeVideoId } from "./youtube-video-id.ts";

export const URL_CLASSES = ["youtube", "github_repo", "arxiv", "doi", "pypi", "npm", "web"] as const;
/** What kind of thing an address names (A2.3 stage 1); everything unknown is `web`. */
export type UrlClass = (typeof URL_CLASSES)[number];

export interface UrlIdentity {
  readonly class: UrlClass;
  /** The thing's own name: video id, `owner/repo`, paper id, DOI, package; the host for `web`. */
  readonly name: string;
}

/** First path segments of GitHub's own pages, where an owner would stand. */
const GITHUB_PAGES: ReadonlySet<string> = new Set(
  (
    "about account apps blog codespaces collections contact customer-stories dashboard enterprise events explore features " +
    "gist issues join login logout marketplace new notifications organizations orgs pricing pulls readme search security " +
    "sessions settings signup site sponsors stars team topics trending users"
  ).split(" "),
);

const OWNER = /^[0-9a-z](?:[0-9a-z-]{0,38})$/i;
const REPOSITORY = /^[\w.-]{1,100}$/;
const ARXIV = /^\/(?:abs|pdf|html|format)\/((?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?\/\d{7})(?:v\d+)?)(?:\.pdf)?\/?$/;
const DOI = /^\/(10\.\d{4,9}\/.+?)\/?$/;
const PYPI = /^\/(?:project|pypi)\/([0-9a-z](?:[\w.-]*[0-9a-z])?)(?:\/|$)/i;
const NPM = /^\/package\/((?:@[\w.~-]+\/)?[\w.~-]+)(?:\/|$)/;

interface Site {
  readonly class: UrlClass;
  readonly hosts: readonly string[];
  readonly nameIn: (path: string) => string | undefined;
}

const SITES: readonly Site[] = [
  { class: "github_repo", hosts: ["github.com", "www.github.com"], nameIn: repositoryIn },
  {
    class: "arxiv",
    hosts: ["arxiv.org", "www.arxiv.org", "export.arxiv.org"],
    nameIn: (path) => path.match(ARXIV)?.[1],
  },
  { class: "doi", hosts: ["doi.org", "www.doi.org", "dx.doi.org"], nameIn: (path) => path.match(DOI)?.[1] },
  { class: "pypi", hosts: ["pypi.org", "www.pypi.org", "pypi.python.org"], nameIn: (path) => path.match(PYPI)?.[1] },
  { class: "npm", hosts: ["npmjs.com", "www.npmjs.com"], nameIn: (path) => path.match(NPM)?.[1] },
];

const SITE_OF_HOST: ReadonlyMap<string, Site> = new Map(
  SITES.flatMap((site) => site.hosts.map((host) => [host, site] as const)),
);

export function classifyUrl(url: string): UrlClass {
  return identifyUrl(url)?.class ?? "web";
}

/** Class and name of what an address points at, by exact host; `undefined` when it is no http(s) address. */
export function identifyUrl(input: string): UrlIdentity | undefined {
  let url: URL;
  try {
    url = parseHttpUrl(input);
  } catch {
    return undefined;
  }
  const videoId = youtubeVideoId(input);
  if (videoId !== undefined) return { class: "youtube", name: videoId };
  const host = canonicalHost(url);
  const site = url.port === "" ? SITE_OF_HOST.get(host) : undefined;
  const name = site?.nameIn(decodePath(url.pathname));
  return site && name ? { class: site.class, name } : { class: "web", name: host };
}

/** Any page inside a repository counts: its issues and files are about it. */
function repositoryIn(path: string): string | undefined {
  const [, owner = "", repository = ""] = path.split("/");
  const name = repository.replace(/\.git$/, "");
  const isRepository = OWNER.test(owner) && !GITHUB_PAGES.has(owner.toLowerCase()) && REPOSITORY.test(name);
  return isRepository && name !== "." && name !== ".." ? `${owner}/${name}` : undefined;
}

/** npm writes scopes as `%40scope`, DOIs carry escapes; a broken escape is left as it stands. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
