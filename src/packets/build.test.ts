import assert from "node:assert/strict"
import { test } from "node:test"
import { checksum, dissect, ethernet, ipv4, type PacketBuilder, pseudoHeaderSum } from "./index.ts"

const hex = (bytes: Uint8Array): string => [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("")

test("a TCP packet, byte by byte", () => {
  const packet = ethernet()
    .ipv4()
    .tcp({ sourcePort: 1234, destinationPort: 80, flags: "syn", sequence: 7 })
    .payload("hi")
  assert.equal(
    hex(packet.bytes()),
    ["020000000002", "020000000001", "0800", "4500002a", "00000000", "4006", "66cc", "0a000001", "0a000002"].join("") +
      ["04d2", "0050", "00000007", "00000000", "5002", "ffff", "2e4c", "0000", "6869"].join(""),
  )
})

/** Every checksum of a packet adds up. */
function sumsRight(bytes: Uint8Array): void {
  for (const { protocol, start, body, end } of dissect(bytes).headers) {
    const ip = dissect(bytes).headers.findLast(h => h.start < start && /^ipv[46]$/.test(h.protocol))
    const pseudo = (number: number): number =>
      ip?.protocol === "ipv4"
        ? pseudoHeaderSum(bytes, ip.start + 12, 8, number, end - start)
        : pseudoHeaderSum(bytes, ip!.start + 8, 32, number, end - start)
    if (protocol === "ipv4") assert.equal(checksum(bytes, start, body), 0, protocol)
    if (protocol === "tcp") assert.equal(checksum(bytes, start, end, pseudo(6)), 0, protocol)
    if (protocol === "udp") assert.equal(checksum(bytes, start, end, pseudo(17)), 0, protocol)
    if (protocol === "icmp") assert.equal(checksum(bytes, start, end), 0, protocol)
    if (protocol === "icmpv6") assert.equal(checksum(bytes, start, end, pseudo(58)), 0, protocol)
  }
}

const shapes: [headers: string, packet: PacketBuilder][] = [
  [
    "ethernet ipv4 tcp",
    ethernet()
      .ipv4({ ttl: 3, dscp: 46 })
      .tcp({ options: Uint8Array.of(2, 4, 5, 0xb4) })
      .payload(5),
  ],
  [
    "ethernet ipv4 udp",
    ethernet()
      .ipv4({ options: Uint8Array.of(1, 1, 1) })
      .udp({ destinationPort: 53 })
      .payload(33),
  ],
  ["ethernet ipv6 udp", ethernet().ipv6({ flowLabel: 0xfffff }).udp({ sourcePort: 53 }).payload(1)],
  ["ethernet ipv6 tcp", ethernet().ipv6().tcp()],
  ["ethernet ipv6 extension fragment udp", ethernet().ipv6().extension().fragment({ id: 9 }).udp().payload(8)],
  ["ethernet vlan ipv4 icmp", ethernet().vlan({ id: 42 }).ipv4().icmp({ id: 1, sequence: 2 }).payload(9)],
  ["ethernet vlan vlan ipv6 icmpv6", ethernet().vlan({ id: 1 }).vlan({ id: 2, priority: 7 }).ipv6().icmpv6()],
  ["ethernet arp", ethernet().arp({ senderIp: "10.0.0.1", targetIp: "10.0.0.2" })],
  ["ethernet ipv4 ipv4 udp", ethernet().ipv4().ipv4({ source: "192.168.0.1" }).udp().payload(4)],
  ["ethernet ipv4 gre ipv4 udp", ethernet().ipv4().gre({ hasKey: 1 }).ipv4().udp().payload(4)],
  ["ethernet ipv6 gre ethernet ipv4 tcp", ethernet().ipv6().gre({ hasChecksum: 1 }).ethernet().ipv4().tcp()],
  ["ethernet ipv4 udp vxlan ethernet ipv6 udp", ethernet().ipv4().udp().vxlan({ vni: 7 }).ethernet().ipv6().udp()],
]
for (const [headers, packet] of shapes) {
  test(headers, () => {
    const bytes = packet.bytes()
    const found = dissect(bytes)
    assert.equal(found.headers.map(({ protocol }) => protocol).join(" "), headers)
    assert.equal(found.payload.end, bytes.length)
    sumsRight(bytes)
  })
}

test("a value that is given stays, also where it is wrong", () => {
  const { headers } = dissect(ethernet({ type: 0x800 }).ipv4({ checksum: 1, totalLength: 25, ttl: 0 }).udp().bytes())
  const { checksum, totalLength, ttl } = headers[1].fields
  assert.deepEqual([checksum, totalLength, ttl], [1, 25, 0])
})

test("packets share a beginning", () => {
  const start = ipv4({ source: "1.2.3.4" })
  assert.equal(start.udp().bytes().length, 28)
  assert.equal(start.tcp().bytes().length, 40)
  assert.equal(start.bytes().length, 20)
})

test("UDP's checksum is never 0", () => {
  const { checksum } = dissect(
    ethernet().ipv4({ source: "0.0.0.0", destination: "255.255.255.255" }).udp().payload(new Uint8Array(2)).bytes(),
  ).headers[2].fields
  assert.notEqual(checksum, 0)
  // 17 (protocol) + 10 (length) + 10 (length in the header) + 0xffd9 adds up to 0xffff.
  const made = ethernet()
    .ipv4({ source: "0.0.0.0", destination: "0.0.0.0" })
    .udp()
    .payload(Uint8Array.of(0xff, 0xda))
    .bytes()
  assert.equal(dissect(made).headers[2].fields.checksum, 0xffff)
})

const refused: [what: string, run: () => unknown][] = [
  ["a port of 65536", () => ethernet().ipv4().udp({ sourcePort: 65536 }).bytes()],
  ["a TTL of 1.5", () => ethernet().ipv4({ ttl: 1.5 }).bytes()],
  ["a flag that is none", () => ethernet().ipv4().tcp({ flags: "sin" })],
  ["a field that is none", () => ethernet({ port: 1 } as object).bytes()],
]
for (const [what, run] of refused) test(`${what} is refused`, () => assert.throws(run, { code: "PACKETS_VALUE" }))
