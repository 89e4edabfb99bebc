import { type InnerList, writeInnerList } from "./structured-fields.ts";

/** What of a request can be signed. */
export interface SignableRequest {
  readonly method: string;
  /** The request line's target, as it came: path and query. */
  readonly target: string;
  readonly scheme: "http" | "https";
  /** Host and port as the caller addressed them. */
  readonly host: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
}

export type BytesToSign = { readonly bytes: Buffer } | { readonly problem: string };

const FIELD_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const DEFAULT_PORTS = { http: ":80", https: ":443" } as const;

/** The bytes that a signature of these components signs (RFC 9421, 2.5), or why there are none. */
export function bytesToSign(request: SignableRequest, components: InnerList): BytesToSign {
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const { value: name, parameters } of components.items) {
    if (typeof name !== "string") return { problem: "names a component that is no string" };
    const shown = JSON.stringify(name.slice(0, 60));
    if (parameters.size > 0) return { problem: `the component ${shown} has parameters, which are not accepted` };
    if (seen.has(name)) return { problem: `names the component ${shown} twice` };
    seen.add(name);
    const value = name.startsWith("@") ? derived(request, name) : fieldOf(request, name);
    if (value === undefined) return { problem: `the component ${shown} is unknown or not in the request` };
    lines.push(`"${name}": ${value}`);
  }
  lines.push(`"@signature-params": ${writeInnerList(components)}`);
  // headers are bytes, which Node shows as latin1
  return { bytes: Buffer.from(lines.join("\n"), "latin1") };
}

function derived(request: SignableRequest, name: string): string | undefined {
  const { method, target, scheme } = request;
  const queryAt = target.indexOf("?");
  const path = queryAt === -1 ? target : target.slice(0, queryAt);
  switch (name) {
    case "@method":
      return method;
    case "@scheme":
      return scheme;
    case "@authority":
      return authorityOf(request);
    case "@target-uri":
      return `${scheme}://${authorityOf(request)}${target}`;
    case "@request-target":
      return target;
    case "@path":
      return path;
    case "@query":
      return queryAt === -1 ? "?" : target.slice(queryAt);
    default:
      return undefined;
  }
}

function authorityOf({ host, scheme }: SignableRequest): string {
  const authority = host.toLowerCase();
  const port = DEFAULT_PORTS[scheme];
  return authority.endsWith(port) ? authority.slice(0, -port.length) : authority;
}

/** A header's lines joined, each without the spaces around it. */
function fieldOf({ rawHeaders }: SignableRequest, name: string): string | undefined {
  if (!FIELD_NAME.test(name)) return undefined;
  const lines: string[] = [];
  for (let n = 0; n < rawHeaders.length; n += 2) {
    if (rawHeaders[n]?.toLowerCase() === name) lines.push((rawHeaders[n + 1] ?? "").trim());
  }
  return lines.length === 0 ? undefined : lines.join(", ");
}
