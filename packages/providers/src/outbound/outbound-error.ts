import { MillraceError } from "@millrace/core";

/** A certificate or handshake that a second try will find the same. */
const TLS_CODE = /^(?:ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH)/;
/** What came back is not HTTP, or not the encoding it claims. */
const BROKEN_ANSWER_CODE =
  /^(?:HPE_|HTTPParserError|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|Z_|ERR_BROTLI|ERR__ERROR)/;

/** Gives a socket's, DNS', TLS' or decoder's error its code and says whether trying again can help. */
export function outboundError(error: unknown, url: URL): unknown {
  if (error instanceof MillraceError) return error;
  const code = codeOf(error);
  const details = { host: url.host, cause: code };
  switch (true) {
    case code === "UND_ERR_INVALID_ARG":
      return error; // the caller's mistake, not the network's
    case code === "ENOTFOUND":
      return new MillraceError("URL_UNREACHABLE", `The name ${url.hostname} does not exist.`, {
        details,
        cause: error,
      });
    case TLS_CODE.test(code):
      return new MillraceError("URL_UNREACHABLE", `No trusted connection to ${url.host} (${code}).`, {
        details,
        cause: error,
      });
    case BROKEN_ANSWER_CODE.test(code):
      return new MillraceError("URL_HTTP_ERROR", `${url.host} gave a damaged answer (${code}).`, {
        details,
        cause: error,
      });
    default:
      return new MillraceError("URL_UNREACHABLE", `${url.host} cannot be reached (${code}).`, {
        retry: "backoff",
        details,
        cause: error,
      });
  }
}

/** With several addresses node wraps one error per address; the first names the trouble. */
function codeOf(error: unknown): string {
  const inner = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
  const code = (inner as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : inner instanceof Error ? inner.name : "unknown";
}
