import type { LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { MillraceError } from "@millrace/core";
import { buildConnector } from "undici";
import { type AddressPolicy, isAddressAllowed } from "./address-policy.ts";

/** Every address of a name, as `dns.promises.lookup(name, { all: true })` gives them. */
export type Lookup = (hostname: string) => Promise<readonly LookupAddress[]>;

/** Caps one connection attempt below the total time, so a dead host is told from a slow one. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Opens sockets only to allowed addresses. The check sits where the connection is made: a literal is judged before the
 * socket, a name by all of its DNS answers, and the socket goes to those very answers, so no second look-up can give
 * another one (DNS rebinding). One answer that is not allowed refuses the name. `signal` ends the socket in any state.
 */
export function guardedConnector(options: {
  readonly policy: AddressPolicy;
  readonly lookup: Lookup;
  readonly signal: AbortSignal;
}): buildConnector.connector {
  const { policy, signal } = options;
  const connect = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    lookup: guardedLookup(policy, options.lookup),
    signal,
  } as buildConnector.BuildOptions);

  return (target, callback) => {
    // net.connect asks `lookup` for names only.
    if (isIP(target.hostname) && !isAddressAllowed(target.hostname, target.hostname, policy)) {
      callback(refused(target.hostname, target.hostname), null);
      return;
    }
    connect(target, callback);
  };
}

function guardedLookup(policy: AddressPolicy, lookup: Lookup): LookupFunction {
  return (hostname, { all }, callback) => {
    lookup(hostname).then(
      (answers) => {
        const [first] = answers;
        const bad = answers.find(({ address }) => !isAddressAllowed(address, hostname, policy));
        if (first === undefined) callback(noAddress(hostname), "");
        else if (bad !== undefined) callback(refused(hostname, bad.address), "");
        else if (all) callback(null, [...answers]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ""),
    );
  };
}

function refused(host: string, address: string): MillraceError {
  const at = host === address ? "" : ` (${address})`;
  return new MillraceError("URL_REFUSED", `${host}${at} is not a public address.`, {
    details: { rule: "address", host },
  });
}

function noAddress(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address`), { code: "ENOTFOUND" });
}
