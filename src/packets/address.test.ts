import assert from "node:assert/strict"
import { test } from "node:test"
import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from "./index.ts"

const kinds = {
  ipv4: (text: string) => formatIpv4(parseIpv4(text)),
  ipv6: (text: string) => formatIpv6(parseIpv6(text)),
  mac: (text: string) => formatMac(parseMac(text)),
}

const good: [kind: keyof typeof kinds, text: string, shown?: string][] = [
  ["mac", "02:00:00:00:00:01"],
  ["mac", "2-0-0-0-0-A", "02:00:00:00:00:0a"],
  ["ipv4", "10.0.0.1"],
  ["ipv4", "255.255.255.255"],
  ["ipv6", "::"],
  ["ipv6", "::1"],
  ["ipv6", "fe80::"],
  ["ipv6", "2001:db8::1"],
  ["ipv6", "2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["ipv6", "1:2:3:4:5:6:7:8"],
  ["ipv6", "1:0:3:4:5:6:7:8"],
  ["ipv6", "::ffff:10.0.0.1"],
  ["ipv6", "64:ff9b::10.0.0.1", "64:ff9b::a00:1"],
]
for (const [kind, text, shown = text] of good) {
  test(`${kind} ${text}`, () => assert.equal(kinds[kind](text), shown))
}

const bad: [kind: keyof typeof kinds, text: string][] = [
  ["mac", "02:00:00:00:00"],
  ["mac", "02:00:00:00:00:0g"],
  ["ipv4", "10.0.0"],
  ["ipv4", "10.0.0.256"],
  ["ipv4", ""],
  ["ipv6", ""],
  ["ipv6", ":::"],
  ["ipv6", "1::2::3"],
  ["ipv6", "1:2:3:4:5:6:7"],
  ["ipv6", "1:2:3:4:5:6:7::8"],
  ["ipv6", "12345::"],
  ["ipv6", "1.2.3.4::"],
]
for (const [kind, text] of bad) {
  test(`'${text}' is no ${kind}`, () => assert.throws(() => kinds[kind](text), { code: "PACKETS_ADDRESS" }))
}
