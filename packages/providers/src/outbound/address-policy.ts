import ipaddr from "ipaddr.js";

/** What an operator opened beyond the public internet. */
export interface AddressPolicy {
  /** 127.0.0.0/8 and ::1, for development. */
  readonly allowLoopback: boolean;
  /** Lower-case host names (or address literals) that may be at a private or loopback address. */
  readonly allowedPrivateHosts: ReadonlySet<string>;
}

type AddressKind = "public" | "private" | "loopback" | "special";

/** Public only by ipaddr.js' table: measured against the IANA special-purpose registries, these are missing in it. */
const SPECIAL_V4 = [ipaddr.IPv4.parseCIDR("198.18.0.0/15")]; // benchmarking
const SPECIAL_V6 = [
  ipaddr.IPv6.parseCIDR("2001::/23"), // IETF protocol assignments: Teredo, ORCHID, AMT
  ipaddr.IPv6.parseCIDR("3fff::/20"), // documentation
];
/** The only block global unicast addresses have been assigned from; leaves out ::/96, fec0::/10, 64:ff9b:1::/48 and more. */
const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR("2000::/3");
/** How a network without IPv4 reaches IPv4 hosts (RFC 6052): as good as the IPv4 address inside. */
const NAT64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");

/** Whether a connection to this address may be made for this host. Text that is no address may not. */
export function isAddressAllowed(address: string, host: string, policy: AddressPolicy): boolean {
  const kind = kindOf(address);
  if (kind === "public") return true;
  if (kind === "special") return false;
  if (kind === "loopback" && policy.allowLoopback) return true;
  return policy.allowedPrivateHosts.has(host.toLowerCase().replace(/\.+$/, ""));
}

function kindOf(text: string): AddressKind {
  if (!ipaddr.isValid(text)) return "special";
  const address = ipaddr.parse(text);
  return address instanceof ipaddr.IPv4 ? kindOfV4(address) : kindOfV6(address as ipaddr.IPv6);
}

function kindOfV4(address: ipaddr.IPv4): AddressKind {
  switch (address.range()) {
    case "unicast":
      return SPECIAL_V4.some((block) => address.match(block)) ? "special" : "public";
    case "private":
    case "carrierGradeNat":
      return "private";
    case "loopback":
      return "loopback";
    default:
      return "special";
  }
}

/** Mapped, 6to4 and Teredo addresses are special whatever they embed: no public name needs them. */
function kindOfV6(address: ipaddr.IPv6): AddressKind {
  if (address.zoneId) return "special";
  if (address.match(NAT64)) {
    return kindOfV4(new ipaddr.IPv4(address.toByteArray().slice(12))) === "public" ? "public" : "special";
  }
  switch (address.range()) {
    case "unicast":
      return address.match(GLOBAL_UNICAST_V6) && !SPECIAL_V6.some((block) => address.match(block))
        ? "public"
        : "special";
    case "uniqueLocal":
      return "private";
    case "loopback":
      return "loopback";
    default:
      return "special";
  }
}
