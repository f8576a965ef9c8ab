import assert from "node:assert/strict"
import { after, describe, test } from "node:test"
import { randomClassic } from "../../../tests/support/classicRandom.ts"
import { EXPRESSIONS, randomExpression } from "../../../tests/support/filterExpressions.ts"
import { compareFilters } from "../../../tests/support/filterOracle.ts"
import { PACKET_LINKS, randomPacket } from "../../../tests/support/filterPackets.ts"
import { Libpcap, libpcapPath } from "../../../tests/support/libpcap.ts"
import { Random } from "../../../tests/support/random.ts"
import { installedTool, runTool } from "../../../tests/support/tools.ts"
import { compileFilter, formatClassicInsn, parseNumbers, runClassic } from "../index.ts"
import { LINK_HEADERS, linkTypeOf } from "./link.ts"
import { CONSTANTS, SERVICES } from "./names.ts"

const LDX_LENGTH = 0x81

const tcpdump = installedTool("tcpdump")

describe("tcpdump -ddd", { skip: tcpdump === undefined && "tcpdump is not installed" }, () => {
  test("gives filters that say the same of packets", () => {
    let compared = 0
    for (const [seed, text] of EXPRESSIONS.entries()) {
      let theirs: ReturnType<typeof parseNumbers>
      try {
        theirs = parseNumbers(runTool(tcpdump!, "-y", "EN10MB", "-ddd", "--", text))
      } catch (error) {
        assert.match(String(error), /rejects all packets/, text)
        continue
      }
      const ours = compileFilter(text)
      const random = new Random(seed)
      for (let i = 0; i < 20; i++) {
        const data = randomPacket(random, 1)
        // A whole packet: of one that is cut off, the comparison with libpcap below says more.
        const whole = Uint8Array.from({ length: 200 }, (_, at) => data[at] ?? 0)
        const input = { data: whole, metadata: { packetType: i % 5 } }
        assert.equal(runClassic(ours, input), runClassic(theirs, input), text)
        compared++
      }
    }
    assert.ok(compared > 4000)
  })
})

describe("libpcap", { skip: libpcapPath === undefined && "libpcap is not installed" }, () => {
  const pcap = libpcapPath === undefined ? undefined! : new Libpcap(libpcapPath)
  const sizes = { ours: 0, theirs: 0 }
  after(() => assert.ok(sizes.ours <= sizes.theirs, `${sizes.ours} instructions, libpcap's ${sizes.theirs}`))

  for (const link of PACKET_LINKS) {
    test(`says the same of packets of ${LINK_HEADERS[linkTypeOf(link)!].name}`, () => {
      for (const [seed, text] of EXPRESSIONS.entries()) {
        const result = compareFilters(pcap, text, { link, seed })
        assert.notEqual(result.kind, "different", result.kind === "different" ? result.why : "")
        if (result.kind !== "same") continue
        sizes.ours += result.ours
        sizes.theirs += result.theirs
      }
    })
  }

  test("says the same for random expressions", () => {
    const random = new Random(1992)
    for (let seed = 0; seed < 300; seed++) {
      const result = compareFilters(pcap, randomExpression(random), { seed })
      assert.notEqual(result.kind, "different", result.kind === "different" ? result.why : "")
    }
  })

  test("names have the numbers that libpcap knows", () => {
    for (const [name, number] of Object.entries(CONSTANTS)) {
      const theirs = pcap.compile(`ether[0] = ${name}`)
      assert.ok(typeof theirs !== "string", `${name}: ${theirs}`)
      assert.equal(theirs[1].k, number, name)
    }
    for (const [name, { port, protocol }] of Object.entries(SERVICES)) {
      const theirs = pcap.compile(`port ${name}`)
      // Where the system has no list of services, libpcap knows none.
      if (typeof theirs === "string") continue
      const number = `${protocol === undefined ? "" : `${protocol} `}port ${port}`
      assert.deepEqual(theirs, pcap.compile(number), name)
    }
  })

  test("writes instructions the same, and runs them the same", () => {
    const random = new Random(1994)
    for (let i = 0; i < 300; i++) {
      const insns = randomClassic(random)
      // Metadata and places by header are the kernel's; libpcap's interpreter has none, and its disassembler other names.
      const plain = insns.filter(({ code, k }) => (code & 0xe7) !== 0x20 || k < 0x8000_0000)
      for (const [at, insn] of plain.entries()) {
        // libpcap has no text for this one.
        if (insn.code === LDX_LENGTH) continue
        assert.equal(formatClassicInsn(insn, at).trimEnd(), pcap.image(insn, at).trimEnd())
      }
      if (plain.length !== insns.length || plain.some(({ code, k }) => (code & 7) < 2 && k >= 0x8000_0000)) continue
      const data = randomPacket(random, 1)
      assert.equal(runClassic(insns, { data }), pcap.run(insns, data))
    }
  })
})
