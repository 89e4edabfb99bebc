import { describe, expect, it } from "vitest";
import { type AddressPolicy, isAddressAllowed } from "./address-policy.ts";

const closed: AddressPolicy = { allowLoopback: false, allowedPrivateHosts: new Set() };
const forDevelopment: AddressPolicy = { allowLoopback: true, allowedPrivateHosts: new Set() };
const withWiki: AddressPolicy = { allowLoopback: false, allowedPrivateHosts: new Set(["wiki.internal"]) };

const PUBLIC = [
  "8.8.8.8",
  "93.184.216.34",
  "100.63.255.255",
  "100.128.0.0",
  "172.32.0.1",
  "192.167.255.255",
  "198.17.255.255",
].concat(["198.20.0.0", "2606:2800:220:1::1", "2a00:1450:4001::200e", "64:ff9b::808:808"]);

const PRIVATE = ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fc00::1", "fd00:ec2::254"];

const LOOPBACK = ["127.0.0.1", "127.255.255.254", "::1"];

/** Never the way out, whoever asks: metadata, this host, groups, tunnels and mappings, documentation, unassigned. */
const SPECIAL = [
  "0.0.0.0",
  "0.1.2.3",
  "169.254.169.254",
  "169.254.0.1",
  "192.0.0.1",
  "192.0.2.1",
  "192.88.99.1",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.1",
  "203.0.113.1",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::7f00:1",
  "::10.0.0.1",
  "::ffff:127.0.0.1",
  "::ffff:8.8.8.8",
  "::ffff:0:10.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b::a00:1",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b:1::a00:1",
  "100::1",
  "2001::1",
  "2001:0:7f00:1::",
  "2001:20::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "2002:a00:1::1",
  "2002:808:808::1",
  "3fff::1",
  "4000::1",
  "5f00::1",
  "fe80::1",
  "fe80::1%eth0",
  "2606:2800:220:1::1%eth0",
  "fec0::1",
  "ff02::1",
  "",
  "localhost",
  "8.8.8.8.8",
  "not an address",
];

describe("isAddressAllowed", () => {
  it.each(PUBLIC)("%s is public", (address) => {
    expect(isAddressAllowed(address, "example.com", closed)).toBe(true);
  });

  it.each([...PRIVATE, ...LOOPBACK, ...SPECIAL])("%j is refused", (address) => {
    expect(isAddressAllowed(address, "example.com", closed)).toBe(false);
  });

  it("the loopback setting opens 127.0.0.0/8 and ::1 and nothing else", () => {
    for (const address of LOOPBACK) expect(isAddressAllowed(address, "localhost", forDevelopment)).toBe(true);
    for (const address of [...PRIVATE, ...SPECIAL]) {
      expect(isAddressAllowed(address, "localhost", forDevelopment), address).toBe(false);
    }
  });

  it("a listed host may be private or loopback, but never metadata, a group or a tunnel", () => {
    for (const address of [...PRIVATE, ...LOOPBACK]) {
      expect(isAddressAllowed(address, "wiki.internal", withWiki)).toBe(true);
      expect(isAddressAllowed(address, "Wiki.Internal.", withWiki)).toBe(true);
      expect(isAddressAllowed(address, "other.internal", withWiki)).toBe(false);
      expect(isAddressAllowed(address, "wiki.internal.evil.example", withWiki)).toBe(false);
    }
    for (const address of SPECIAL) expect(isAddressAllowed(address, "wiki.internal", withWiki), address).toBe(false);
  });
});
