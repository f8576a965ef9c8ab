import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import fc from "fast-check"
import { findTool, inTempDir, runTool } from "../../tests/support/tools.ts"
import { diffPackets, dissect, ethernet, LINK_TYPES, type PacketBuilder, packetLine, writeCapture } from "./index.ts"

const cases: [packet: PacketBuilder, line: string][] = [
  [
    ethernet().ipv4().tcp({ sourcePort: 1234, destinationPort: 8099, flags: "syn", sequence: 5 }),
    "IP 10.0.0.1.1234 > 10.0.0.2.8099: Flags [S], seq 5, win 65535, length 0",
  ],
  [
    ethernet()
      .ipv4()
      .tcp({ sourcePort: 7, destinationPort: 9, flags: "psh ack", sequence: 5, acknowledgement: 6 })
      .payload(10),
    "IP 10.0.0.1.7 > 10.0.0.2.9: Flags [P.], seq 5:15, ack 6, win 65535, length 10",
  ],
  [
    ethernet().ipv6().tcp({ sourcePort: 7, destinationPort: 9, flags: "rst", urgent: 3, window: 0 }),
    "IP6 fd00::1.7 > fd00::2.9: Flags [R], seq 0, win 0, length 0",
  ],
  [ethernet().ipv4().tcp({ flags: 0, sourcePort: 7 }), "IP 10.0.0.1.7 > 10.0.0.2.0: Flags [none], win 65535, length 0"],
  [
    ethernet().ipv4().udp({ sourcePort: 7, destinationPort: 9 }).payload(3),
    "IP 10.0.0.1.7 > 10.0.0.2.9: UDP, length 3",
  ],
  [
    ethernet().vlan({ id: 42, priority: 3 }).ipv4().udp({ sourcePort: 7, destinationPort: 9 }),
    "vlan 42, p 3: IP 10.0.0.1.7 > 10.0.0.2.9: UDP, length 0",
  ],
  [
    ethernet().ipv4().icmp({ id: 3, sequence: 4 }).payload(4),
    "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 3, seq 4, length 12",
  ],
  [
    ethernet().ipv6().icmpv6({ type: 129, id: 3, sequence: 4 }),
    "IP6 fd00::1 > fd00::2: ICMP6, echo reply, id 3, seq 4, length 8",
  ],
  [
    ethernet().arp({ senderIp: "10.0.0.1", targetIp: "10.0.0.2" }),
    "ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28",
  ],
  [
    ethernet().arp({ operation: 2, senderIp: "10.0.0.1", senderMac: "02:00:00:00:00:07" }),
    "ARP, Reply 10.0.0.1 is-at 02:00:00:00:00:07, length 28",
  ],
  [ethernet().ipv4({ protocol: 200 }).payload(6), "IP 10.0.0.1 > 10.0.0.2: ip-proto-200 6"],
]

const tcpdump = findTool("tcpdump")
const skip = tcpdump === undefined && "tcpdump is not installed"

for (const [packet, line] of cases) test(line, () => assert.equal(packetLine(packet.bytes()), line))

test("tcpdump writes the same lines", { skip }, () => {
  const lines = inTempDir(dir => {
    const path = join(dir, "a.pcap")
    writeFileSync(path, writeCapture(cases.map(([packet]) => packet.bytes())))
    return runTool(tcpdump!, "-nt", "-S", "-r", path).trimEnd().split("\n")
  })
  // It shows VLAN tags only beside hardware addresses.
  const plain = (line: string): string => line.replace(/^vlan \d+, p \d: /, "").replaceAll("  ", " ")
  assert.deepEqual(
    lines.map(plain),
    cases.map(([, line]) => plain(line)),
  )
})

test("packets without Ethernet", () => {
  const packet = ethernet().ipv4().udp({ sourcePort: 1, destinationPort: 2 }).bytes().subarray(14)
  assert.equal(packetLine(packet, LINK_TYPES.raw), "IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 0")
  const cooked = Uint8Array.from([...new Uint8Array(14), 8, 0, ...packet])
  assert.equal(packetLine(cooked, LINK_TYPES.linuxSll), "IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 0")
  assert.equal(packetLine(Uint8Array.of(1, 2), 147), "2 bytes: 01 02")
})

test("nothing that bytes may hold fails", () => {
  const layers: PacketBuilder[] = [
    ethernet().vlan().ipv4().gre({ hasKey: 1 }).ipv6().extension().fragment().tcp(),
    ethernet().ipv4().udp().vxlan().ethernet().arp(),
  ]
  const change = fc.tuple(fc.nat(), fc.nat(255))
  fc.assert(
    fc.property(
      fc.nat(1),
      fc.array(change, { maxLength: 5 }),
      fc.nat(200),
      fc.nat(300),
      (which, changes, cut, link) => {
        const bytes = layers[which].payload(20).bytes()
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        const packet = bytes.subarray(0, cut)
        assert.ok(packetLine(packet, link % 2 ? 1 : link).length > 0)
        for (const { start, body, end } of dissect(packet).headers) assert.ok(start < body && body <= end && end <= cut)
      },
    ),
    { numRuns: 2000 },
  )
})

const packet = ethernet().ipv4({ ttl: 64 }).udp({ destinationPort: 9 })
const diffs: [what: string, actual: Uint8Array, expected: Uint8Array, diff: string][] = [
  ["nothing", packet.bytes(), packet.bytes(), ""],
  [
    "fields",
    ethernet().ipv4({ ttl: 63, source: "10.0.0.9" }).udp({ destinationPort: 9 }).bytes(),
    packet.bytes(),
    "ipv4.ttl: 63, expected 64\nipv4.checksum: 0x67c7, expected 0x66cf\nipv4.source: 10.0.0.9, expected 10.0.0.1\nudp.checksum: 0xebca, expected 0xebd2",
  ],
  [
    "bytes",
    packet.payload("abc").bytes().with(44, 0),
    packet.payload("abc").bytes(),
    "payload from byte 42: 61 62 00\n            expected: 61 62 63",
  ],
  [
    "headers",
    ethernet().bytes(),
    ethernet().vlan({ id: 3 }).bytes(),
    [
      "length: 14, expected 18",
      "headers: ethernet, expected ethernet vlan",
      "  02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 0x0000, length 14",
      "  vlan 3, p 0, ethertype 0x0000",
      "bytes from byte 0: 02 00 00 00 00 02 02 00 00 00 00 01 00 00",
      "         expected: 02 00 00 00 00 02 02 00 00 00 00 01 81 00 00 03",
      "bytes from byte 16: nothing",
      "          expected: 00 00",
    ].join("\n"),
  ],
]
for (const [what, actual, expected, diff] of diffs) {
  test(`a difference of ${what}`, () => assert.equal(diffPackets(actual, expected), diff))
}
