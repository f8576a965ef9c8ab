import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { diffPackets, ethernet, type PacketBuilder, readCapture, writeCapture } from "../../src/packets/index.ts"
import { fileWith, scratch, skep } from "../support/cli.ts"
import { needsRoot } from "../support/kernel.ts"

const http = ethernet().ipv4().tcp({ sourcePort: 4000, destinationPort: 80, flags: "syn" })
const https = ethernet().ipv4().tcp({ sourcePort: 4000, destinationPort: 443, flags: "syn" })
const dns = ethernet().ipv6().udp({ sourcePort: 4000, destinationPort: 53 }).payload(30)
const packets = [http, https, dns, http, ethernet().arp()]
const bytesOf = (list: readonly PacketBuilder[]): Uint8Array[] => list.map(packet => packet.bytes())
const capture = fileWith("in.pcap", writeCapture(bytesOf(packets)))

const read = (path: string): Uint8Array[] => readCapture(readFileSync(path)).packets.map(({ data }) => data)
const run = (...args: string[]) => skep(["run", ...args])

const example = "examples/drop_http.c"
for (const on of ["vm", "kernel"]) {
  test(`the example on ${on}`, { skip: on === "kernel" && needsRoot }, () => {
    const [out, dropped] = ["out.pcap", "dropped.pcapng"].map(name => join(scratch(), name))
    const ran = run(example, "--pcap", capture, "--on", on, "--out", out, "--out-dropped", dropped)
    assert.equal(ran.status, 0, ran.stderr)
    assert.equal(
      ran.stdout,
      "drop_http (xdp): pass 3, drop 2\n\nprotocols (hash, 1 entry)\n  key  value\n    6      3\n",
    )
    assert.match(ran.stderr, /^5 packets in [\d.]+ s, .* a second: 3 passed, 2 dropped$/m)
    assert.deepEqual(read(out), bytesOf([https, dns, ethernet().arp()]))
    assert.deepEqual(read(dropped), bytesOf([http, http]))
  })
}

/** Three programs, of which each changes the packet for the next. */
const CHAIN = `
int late(struct __sk_buff *skb) { bpf_skb_change_tail(skb, 60, 0); return -1; }
int early(struct xdp_md *ctx) { return bpf_xdp_adjust_head(ctx, -4) ? XDP_ABORTED : XDP_PASS; }
int keep(struct __sk_buff *skb) { return skb->len > 58 ? 30 : 0; }
`

for (const on of ["vm", "kernel"]) {
  test(`several programs on ${on}`, { skip: on === "kernel" && needsRoot }, () => {
    const out = join(scratch(), "chain.pcap")
    const file = fileWith("chain.c", CHAIN)
    const ran = run(file, "--pcap", capture, "--on", on, "--out", out, "--as", "socket=keep", "--limit", "2")
    assert.equal(ran.status, 0, ran.stderr)
    assert.equal(ran.stdout, "early (xdp): pass 2\nlate (tc): unspec 2\nkeep (filter): pass 2\n")
    const expected = bytesOf([http, https]).map(data => Uint8Array.from([0, 0, 0, 0, ...data.slice(0, 26)]))
    for (const [i, packet] of read(out).entries()) assert.equal(diffPackets(packet, expected[i]), "")
  })
}

test("from stdin to stdout, with remarks on stderr", () => {
  const { status, stdout, stderr } = skep(["run", example, "--pcap", "-", "--out", "-"], {
    input: writeCapture(bytesOf([dns])),
  })
  assert.equal(status, 0, stderr)
  assert.match(stderr, /^drop_http \(xdp\): pass 1$/m)
  // The tables follow on the same stream.
  assert.ok(Buffer.from(stdout, "utf8").length > 24)
})

test("as JSON", () => {
  const { stdout } = run(example, "--pcap", capture, "--json")
  const lines = stdout
    .trim()
    .split("\n")
    .map(line => JSON.parse(line))
  assert.deepEqual(lines, [
    {
      type: "capture",
      packets: 5,
      passed: 3,
      dropped: 2,
      skipped: 0,
      cut: 0,
      programs: [{ name: "drop_http", kind: "xdp", verdicts: { pass: 3, drop: 2 }, packets: 5 }],
    },
    { type: "table", name: "protocols", mapType: "hash", entries: [{ key: 6, value: 3 }] },
  ])
})

test("the clock goes as the packets came", () => {
  const file = fileWith(
    "gaps.c",
    `BPF_ARRAY(last, u64, 1);
     BPF_HASH(gaps, u64, u64);
     int gap(struct xdp_md *ctx) {
       int zero = 0;
       u64 now = bpf_ktime_get_ns(), *before = last.lookup(&zero);
       if (!before) return XDP_PASS;
       if (*before) gaps.increment((now - *before) / 1000000);
       *before = now;
       return XDP_PASS;
     }`,
  )
  const times = [0, 5_000_000, 12_000_000, 17_000_000]
  const list = times.map(nanoseconds => ({ data: http.bytes(), time: { seconds: 1_700_000_000, nanoseconds } }))
  const { stdout } = run(file, "--pcap", fileWith("gaps.pcap", writeCapture(list)), "--json")
  const table = JSON.parse(stdout.trim().split("\n").pop() ?? "")
  const gaps = new Map(table.entries.map(({ key, value }: { key: number; value: number }) => [key, value]))
  assert.deepEqual(
    gaps,
    new Map([
      [5, 2],
      [7, 1],
    ]),
  )
})

const wrong: [what: string, args: string[], code: RegExp, status?: number][] = [
  ["no such file", [example, "--pcap", "nowhere.pcap"], /\[CLI_CAPTURE\]/],
  ["a file that is no capture", [example, "--pcap", example], /\[PACKETS_NO_CAPTURE\]/],
  [
    "a capture that is cut off",
    [example, "--pcap", fileWith("cut.pcap", writeCapture(bytesOf(packets)).subarray(0, 200))],
    /drop_http.*\[PACKETS_CUT_OFF\]/s,
  ],
  ["no program for packets", ["examples/hello_world.c", "--pcap", capture], /\[CLI_NO_PACKET_PROGRAM\]/],
  ["a folder that is none", [example, "--pcap", capture, "--out", "/nowhere/a.pcap"], /\[CLI_OUTPUT\]/],
  ["--out without a capture", [example, "--out", "a.pcap"], /--out goes with --pcap/, 2],
  ["a limit that is no number", [example, "--pcap", capture, "--limit", "x"], /--limit is a number/, 2],
  ["a kind that is none", [example, "--pcap", capture, "--as", "udp"], /--as takes no 'udp'/, 2],
  ["a machine that is none", [example, "--pcap", capture, "--on", "moon"], /--on cannot be .moon.*kernel, vm/s, 2],
]
for (const [what, args, message, status = 1] of wrong) {
  test(`${what} is refused`, () => {
    const ran = run(...args)
    assert.equal(ran.status, status, ran.stderr)
    assert.match(`${ran.stdout}${ran.stderr}`, message)
  })
}
