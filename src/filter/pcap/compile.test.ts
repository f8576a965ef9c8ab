import assert from "node:assert/strict"
import { test } from "node:test"
import { EXPRESSIONS } from "../../../tests/support/filterExpressions.ts"
import { randomPacket } from "../../../tests/support/filterPackets.ts"
import { golden } from "../../../tests/support/golden.ts"
import { kernel, needsRoot } from "../../../tests/support/kernel.ts"
import { Random } from "../../../tests/support/random.ts"
import { SkepError } from "../../base/index.ts"
import { renderDiagnostic } from "../../c/index.ts"
import { compileFilter, disassembleClassic, filterObject, hostNames, type LinkType, runClassic } from "../index.ts"

for (const text of [
  "tcp port 80",
  "host 10.0.0.1 or 10.0.0.2",
  "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420",
  "vlan 5 and ip6",
  "src and dst net 10",
]) {
  test(`the filter of ${text}`, () =>
    golden(
      `tests/golden/filter/${text.replace(/\W+/g, "_")}.txt`,
      `; ${text}\n${disassembleClassic(compileFilter(text))}`,
    ))
}

/** Two ways to write the same. */
function same(text: string, other: string): void {
  test(`'${text}' is '${other}'`, () => assert.deepEqual(compileFilter(text), compileFilter(other)))
}
same("tcp && !udp || icmp", "tcp and not udp or icmp")
same("tcp port 80 or 443", "tcp port 80 or tcp port 443")
same("tcp port (80 or 443)", "tcp port 80 or tcp port 443")
same("port 80 or (443 or 22)", "port 80 or port 443 or port 22")
same("host 10.0.0.1 and not 10.0.0.2", "host 10.0.0.1 and not host 10.0.0.2")
same("src or dst port 5", "port 5")
same("host 0x0a000001", "host 10.0.0.1")
same("net 10/8", "net 10.0.0.0/8")
same("net 10", "net 10.0.0.0 mask 255.0.0.0")
same("ip proto tcp", "ip proto \\tcp")
same("ether proto arp", "arp")
same("tcp[13-1] = 0x50", "tcp[12] == 80")
same("ip[1] = 010", "ip[1] = 8")
same("length > 5", "len > 5")
same("ether host aabb.ccdd.eeff", "ether host AA:BB:CC:DD:EE:FF")
same("ether host aabbccddeeff", "ether host aa-bb-cc-dd-ee-ff")
same("host ::ffff:1.2.3.4", "host ::ffff:102:304")
same("port ssh", "tcp port 22")
same("portrange 80-22", "portrange 22-80")
same("(tcp)", "tcp")
same("ip or not ip", "")

test("packets are cut to the length that is asked for", () =>
  assert.equal(disassembleClassic(compileFilter("", { snapLength: 96 })), "(000) ret      #96\n"))

test("the mask of the network says what a broadcast is", () => {
  const insns = compileFilter("ip broadcast", { linkType: "RAW", netmask: 0xffff_ff00 })
  const packet = (last: number): Uint8Array => Uint8Array.from([0x45, ...new Array(15).fill(0), 10, 0, 0, last])
  assert.deepEqual(
    [0, 1, 255].map(last => runClassic(insns, { data: packet(last) }) !== 0),
    [true, false, true],
  )
})

/** An expression that is refused: the code, and pieces of the message and of the hint. */
function bad(text: string, code: string, why: RegExp, options: { linkType?: LinkType } = {}): void {
  test(`'${text.slice(0, 60)}' is refused`, () => {
    assert.throws(
      () => compileFilter(text, options),
      error => {
        assert.ok(error instanceof SkepError)
        assert.match(`${error.message}\n${error.hint}`, why)
        assert.equal(error.code, code)
        return true
      },
    )
  })
}
bad("tcp prot 80", "FILTER_SYNTAX", /expected 'and', 'or' or the end, and found 'prot'/)
bad("tpc", "FILTER_SYNTAX", /'tpc' is no word of a filter; did you mean 'tcp'\?/)
bad("10.0.0.1", "FILTER_SYNTAX", /write 'host 10.0.0.1'/)
bad("ip 10.0.0.1", "FILTER_SYNTAX", /'ip host 10.0.0.1'/)
bad("tcp 80", "FILTER_SYNTAX", /'tcp port 80'/)
bad("tcp and", "FILTER_SYNTAX", /expected a primitive.*found the end/)
bad("(tcp", "FILTER_SYNTAX", /expected '\)'/)
bad("port", "FILTER_SYNTAX", /expected a name, a number or an address/)
bad("host tcp", "FILTER_SYNTAX", /expected a name/)
bad("src", "FILTER_SYNTAX", /expected a name/)
bad("tcp[13 = 2", "FILTER_SYNTAX", /expected '\]'/)
bad("tcp[tcpflgs] = 2", "FILTER_SYNTAX", /did you mean 'tcpflags'\?/)
bad("ip[0:3] = 1", "FILTER_RANGE", /3 bytes cannot be loaded/)
bad("ip[0] = ?", "FILTER_SYNTAX", /'\?' has no meaning/)
bad("ip[0] / 0 = 1", "FILTER_RANGE", /divides by zero/)
bad("ip[0] << 32 = 1", "FILTER_RANGE", /shifts them all out/)
bad("0x100000000 = 1", "FILTER_RANGE", /32 bits/)
bad("ip[0] = 09", "FILTER_SYNTAX", /no octal number/)
bad("port 70000", "FILTER_RANGE", /no port 70000/)
bad("port htpp", "FILTER_NAME", /no service that is known; did you mean 'http'\?/)
bad("udp port http", "FILTER_NAME", /'tcp port …'/)
bad("port 1.2.3.4", "FILTER_RANGE", /no port/)
bad("icmp port 5", "FILTER_QUALIFIER", /'icmp' has no ports/)
bad("host example.org", "FILTER_NAME", /'example.org' is a name/)
bad("host 1.2.3.400", "FILTER_RANGE", /no IPv4 address/)
bad("tcp host 10.0.0.1", "FILTER_QUALIFIER", /'tcp' has no such address/)
bad("ip host ::1", "FILTER_QUALIFIER", /is of ip6/)
bad("host 10.0.0.0/8", "FILTER_QUALIFIER", /write 'net'/)
bad("net 10.0.0.1/8", "FILTER_RANGE", /bits set/)
bad("net 10.0.0.0/33", "FILTER_RANGE", /longer than 32/)
bad("net 2001:db8::1/64", "FILTER_RANGE", /bits set/)
bad("net ::/129", "FILTER_RANGE", /longer than 128/)
bad("host 1:2:3:4:5:6", "FILTER_QUALIFIER", /write 'ether host'/)
bad("ether", "FILTER_QUALIFIER", /'ether' alone says nothing/)
bad("ip proto quic", "FILTER_NAME", /'quic' is no protocol/)
bad("tcp proto 5", "FILTER_QUALIFIER", /holds no protocols/)
bad("src proto 5", "FILTER_QUALIFIER", /leave 'src' out/)
bad("tcp broadcast", "FILTER_QUALIFIER", /ether and ip only/)
bad("arp multicast", "FILTER_QUALIFIER", /ether, ip and ip6 only/)
bad("ip protochain 6", "FILTER_QUALIFIER", /wants a loop/)
bad("gateway foo", "FILTER_NAME", /no address of Ethernet of 'foo' is known/)
bad("gateway 10.0.0.1", "FILTER_QUALIFIER", /said by its name/)
bad("src gateway foo", "FILTER_QUALIFIER", /no source and no destination/)
bad("ip6 gateway foo", "FILTER_QUALIFIER", /has no gateways/)
bad("ah[0] = 1", "FILTER_QUALIFIER", /bytes of 'ah'/)
bad("vlan 4096", "FILTER_RANGE", /4095 is the largest/)
bad("mpls 1048576", "FILTER_RANGE", /1048575 is the largest/)
bad("pppoes 65536", "FILTER_RANGE", /65535 is the largest/)
bad("mpls and vlan", "FILTER_LINK", /no vlan behind a label/)
bad("mpls and arp", "FILTER_LINK", /cannot be told/)
bad("vlan", "FILTER_LINK", /no vlan over raw IP/, { linkType: "RAW" })
bad("ether host 1:2:3:4:5:6", "FILTER_LINK", /no addresses over Linux cooked/, { linkType: "LINUX_SLL" })
bad("broadcast", "FILTER_LINK", /no broadcast over raw IP/, { linkType: "RAW" })
bad(`${"(".repeat(300)}tcp${")".repeat(300)}`, "FILTER_SYNTAX", /more than 200 deep/)
bad(Array.from({ length: 5100 }, (_, i) => `port ${i}`).join(" or "), "FILTER_TOO_LONG", /10000 words/)
bad(
  `host ${Array.from({ length: 3000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join(" or ")}`,
  "FILTER_TOO_LONG",
  /4096 is the most/,
)

test("an error shows where in the expression it is", () => {
  try {
    compileFilter("tcp port 80 and hots 10.0.0.1")
    assert.fail()
  } catch (error) {
    assert.ok(error instanceof SkepError)
    const { code, message, span } = error.parts
    const shown = renderDiagnostic({ severity: "error", code, message, span }, {})
    assert.match(shown, /^filter:1:17: .*did you mean 'host'/)
    assert.match(shown, /\n\s*\|?\s*\^~*/)
  }
})

test("many hosts: jumps that a conditional jump does not reach go by way of another", () => {
  const hosts = Array.from({ length: 900 }, (_, i) => `10.1.${i >> 8}.${i & 255}`)
  const insns = compileFilter(`src host ${hosts.join(" or ")}`, { linkType: "RAW" })
  const packet = (c: number, d: number): Uint8Array =>
    Uint8Array.from([0x45, ...new Array(11).fill(0), 10, 1, c, d, 0, 0, 0, 0])
  const verdicts = [packet(0, 0), packet(3, 131), packet(3, 132), packet(1, 7)].map(
    data => runClassic(insns, { data }) !== 0,
  )
  assert.deepEqual(verdicts, [true, true, false, true])
})

test("filters give the same in the kernel", { skip: needsRoot }, () => {
  const machine = kernel()
  const random = new Random(618)
  // What a trial run's packet is to the host, the kernel decides.
  for (const text of EXPRESSIONS.filter(line => !/bound|ifindex/.test(line))) {
    const insns = compileFilter(text)
    using loaded = machine.load(filterObject(insns, { type: "sched_cls" }))
    for (let i = 0; i < 3; i++) {
      const data = randomPacket(random, 1)
      // The kernel wants the headers that it looks at to be there.
      if (data.length < 64) continue
      assert.equal(loaded.program("filter").testRun({ data }).retval, runClassic(insns, { data }), text)
    }
  }
})

const HOSTS = new Map([
  ["router", ["02:00:00:00:00:01", "10.0.0.1", "fe80::1"]],
  ["www.example.com", ["192.0.2.1", "192.0.2.2"]],
  ["six", ["2001:db8::6"]],
])

/** An expression with names gives the filter of one with addresses. */
function named(text: string, plain: string): void {
  test(`${text} is ${plain}`, () => assert.deepEqual(compileFilter(text, { hosts: HOSTS }), compileFilter(plain)))
}
named("host www.example.com", "host 192.0.2.1 or host 192.0.2.2")
named("src www.example.com and udp", "(src 192.0.2.1 or src 192.0.2.2) and udp")
named("dst host router", "dst host 10.0.0.1 or dst host fe80::1")
named("ip host router", "ip host 10.0.0.1")
named("ip6 host router", "ip6 host fe80::1")
named("arp host router", "arp host 10.0.0.1")
named("ether src router", "ether src 02:00:00:00:00:01")
named("gateway router", "ether host 02:00:00:00:00:01 and not host 10.0.0.1")
named("ip gateway router and port 80", "ether host 02:00:00:00:00:01 and not ip host 10.0.0.1 and port 80")

test("names that have no such address are refused", () => {
  for (const text of ["ip host six", "ether host six", "host elsewhere", "net router", "gateway six"]) {
    assert.throws(() => compileFilter(text, { hosts: HOSTS }), { code: "FILTER_NAME" }, text)
  }
})

test("the names of hosts in an expression", () => {
  const text = "(host a.b or not src c) and port http and ip proto \\tcp and gateway d and ether host c and 10.0.0.1"
  assert.deepEqual(hostNames(text), ["a.b", "c", "d"])
})
