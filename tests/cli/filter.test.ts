import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { compileFilter, parseNumbers, runClassic } from "../../src/filter/index.ts"
import { readCapture, writeCapture } from "../../src/packets/index.ts"
import { fileWith, scratch, skep } from "../support/cli.ts"
import { randomPacket } from "../support/filterPackets.ts"
import { Random } from "../support/random.ts"
import { installedTool, runTool } from "../support/tools.ts"

const out = (...args: string[]): string => {
  const { status, stdout, stderr } = skep(["filter", ...args])
  assert.equal(status, 0, stderr)
  return stdout
}

test("skep filter shows instructions, C and numbers", () => {
  assert.match(out("arp"), /^\(000\) ldh {6}\[12\]\n\(001\) jeq {6}#0x806 {11}jt 2\tjf 3\n/)
  assert.equal(out("-d", "arp"), out("arp"))
  assert.match(out("-dd", "arp"), /^\{ 0x28, 0, 0, 0x0000000c \},\n/)
  assert.equal(out("-ddd", "arp"), "4\n40 0 0 12\n21 0 1 2054\n6 0 0 262144\n6 0 0 0\n")
  assert.match(
    out("--c", "arp"),
    /^struct sock_filter code\[\] = \{\n\t\{ 0x28,.*\n(\t.*\n){3}\};\nstruct sock_fprog filter = \{ \.len = 4, /,
  )
  assert.match(out("--ebpf", "arp"), /r0 = \*\(u16 \*\)skb\[12\]/)
})

test("words are joined, as tcpdump's are", () => assert.equal(out("tcp", "port", "80"), out("tcp port 80")))

test("the link type and the length to keep", () =>
  assert.equal(out("-y", "RAW", "-s", "96", "ip6", "-ddd"), "5\n48 0 0 0\n84 0 0 240\n21 0 1 96\n6 0 0 96\n6 0 0 0\n"))

test("a filter from a file, in each form", () => {
  for (const form of ["-d", "-dd", "-ddd"]) {
    assert.equal(out("--from", fileWith("filter.txt", out(form, "udp")), "-ddd"), out("-ddd", "udp"))
  }
})

const tcpdump = installedTool("tcpdump")
for (const text of [
  "host localhost",
  "src localhost and tcp",
  "not ip host localhost",
  "port 80 and dst host localhost",
]) {
  test(`${text}, as tcpdump takes it`, { skip: tcpdump === undefined && "tcpdump is not installed" }, () => {
    const theirs = parseNumbers(runTool(tcpdump!, "-y", "EN10MB", "-ddd", "--", text))
    const ours = parseNumbers(out("-ddd", text))
    const random = new Random(text.length)
    const local = [127, 0, 0, 1]
    for (let i = 0; i < 300; i++) {
      const packet = randomPacket(random, 1)
      const data = Uint8Array.from({ length: 200 }, (_, at) => packet[at] ?? 0)
      if (random.chance(0.5)) data.set(local, random.pick([26, 30, 28, 38]))
      assert.equal(runClassic(ours, { data }), runClassic(theirs, { data }), text)
    }
  })
}

test("a name that nobody knows is refused", () => {
  const { status, stderr } = skep(["filter", "host no-such-host.invalid"])
  assert.equal(status, 1)
  assert.match(stderr, /'no-such-host.invalid' is a name, and no addresses of it are known/)
})

test("an error points into the expression", () => {
  const { status, stderr } = skep(["filter", "tcp port htpp"])
  assert.equal(status, 1)
  assert.match(
    stderr,
    /^filter:1:10: error: 'htpp' .* did you mean 'http'\? \[FILTER_NAME\]\ntcp port htpp\n {9}\^~~~\n/,
  )
})

for (const format of ["pcap", "pcapng"] as const) {
  test(`packets of a ${format} file are shown, counted and copied`, () => {
    const random = new Random(2015)
    const packets = Array.from({ length: 900 }, () => randomPacket(random, 1))
    const taken = packets.filter(data => runClassic(compileFilter("tcp port 80"), { data }) !== 0)
    assert.ok(taken.length > 5)
    const file = fileWith(`in.${format}`, writeCapture(packets, { format }))
    assert.equal(out("--pcap", file, "--count", "tcp port 80"), `${taken.length}\n`)
    const lines = out("-r", file, "tcp port 80").trim().split("\n")
    assert.equal(lines.length, taken.length)
    assert.match(lines.join("\n"), /^IP6? .*\.80[: ]/m)
    const copy = join(scratch(), `copy.${format}`)
    out("-r", file, "-w", copy, "tcp port 80")
    const copied = readCapture(new Uint8Array(readFileSync(copy)))
    assert.equal(copied.format, format)
    assert.deepEqual(
      copied.packets.map(({ data }) => data),
      taken,
    )
  })
}

test("a capture that is none has a code", () => {
  const { status, stderr } = skep(["filter", "-r", fileWith("no.pcap", "hello, this is text"), "tcp"])
  assert.equal(status, 1)
  assert.match(stderr, /PACKETS_/)
})

test("what does not go together is said", () => {
  for (const [args, why] of [
    [["-w", "x", "tcp"], /want a capture/],
    [["--from", "x", "tcp"], /takes the place/],
    [["-s", "0", "tcp"], /no number of bytes/],
    [["-y", "TOKEN_RING", "tcp"], /it is one of|cannot be/],
  ] as const) {
    assert.match(skep(["filter", ...args]).stderr, why)
  }
})
