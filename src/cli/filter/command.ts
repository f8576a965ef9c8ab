import { SkepError } from "../../base/index.ts"
import { readBytes } from "../../bpf/index.ts"
import {
  type ClassicInsn,
  compileFilter,
  disassembleClassic,
  formatC,
  formatNumbers,
  LINK_HEADERS,
  type LinkType,
  parseClassic,
  toExtended,
} from "../../filter/index.ts"
import { disassemble } from "../../isa/index.ts"
import { command, SUCCESS, UsageError } from "../command.ts"
import { filterCapture } from "./capture.ts"
import { resolveHosts } from "./names.ts"

const LINK_TYPES = Object.keys(LINK_HEADERS) as LinkType[]

export const filter = command({
  usage: "EXPRESSION…",
  about:
    "Compiles an expression of tcpdump's language to a filter of classic BPF and shows its instructions, or, with --pcap, the packets of a " +
    "capture that it takes.",
  positionals: [0, 10_000],
  options: {
    dump: {
      short: "d",
      counted: true,
      about: "show the instructions (-d, as without it), as C (-dd), as numbers (-ddd)",
    },
    ebpf: { about: "show what it is in extended BPF" },
    c: { about: "show a declaration in C, for setsockopt(SO_ATTACH_FILTER)" },
    from: {
      value: "FILE",
      about: "take a filter from a file in place of an expression: what tcpdump -d, -dd or -ddd writes",
    },
    "link-type": { short: "y", value: "TYPE", choices: LINK_TYPES, about: "what packets begin with" },
    "snapshot-length": { short: "s", value: "BYTES", about: "how much of a packet to keep; 262144 without it" },
    pcap: { short: "r", value: "FILE", about: "show the packets of a capture (pcap, pcapng) that the filter takes" },
    out: { short: "w", value: "FILE", about: "write those packets to a file in place of showing them" },
    count: { about: "only count the packets" },
  },
  examples: [
    ["skep filter 'tcp port 80 and host 10.0.0.1'", "shows the filter as tcpdump -d does"],
    ["skep filter --ebpf 'tcp[tcpflags] & tcp-syn != 0'", "shows what a kernel makes of it"],
    ["skep filter --pcap in.pcap -w web.pcap 'port 80 or port 443'", "copies packets of a capture"],
    ["skep filter 'host localhost'", "a host by its name, which this computer looks up"],
    ["tcpdump -ddd icmp | skep filter --from -", "shows a filter that another program made"],
  ],
  async run(values, words) {
    const expression = words.join(" ")
    if (values.from !== undefined && expression !== "") {
      throw new UsageError("--from takes the place of an expression: give one of them")
    }
    const snapLength = lengthOf(values["snapshot-length"])
    const linkType = values["link-type"] as LinkType | undefined
    const given = values.from === undefined ? undefined : parseClassic(textOf(values.from))
    const hosts = given === undefined ? await resolveHosts(expression) : undefined
    const compile = (type: LinkType): readonly ClassicInsn[] =>
      given ?? compileFilter(expression, { linkType: type, snapLength, hosts })
    if (values.pcap !== undefined) {
      return filterCapture(values.pcap, compile, { linkType, out: values.out, countOnly: values.count === true })
    }
    if (values.out !== undefined || values.count) throw new UsageError("-w and --count want a capture: --pcap FILE")
    process.stdout.write(shown(compile(linkType ?? "EN10MB"), values))
    return SUCCESS
  },
})

interface Shape {
  readonly dump?: number
  readonly ebpf?: true
  readonly c?: true
}

function shown(insns: readonly ClassicInsn[], { dump = 1, ebpf, c }: Shape): string {
  if (ebpf) return disassemble(toExtended(insns))
  if (c) {
    const rows = formatC(insns).replaceAll(/^/gm, "\t").replace(/\t$/, "")
    return `struct sock_filter code[] = {\n${rows}};\nstruct sock_fprog filter = { .len = ${insns.length}, .filter = code };\n`
  }
  return dump === 1 ? disassembleClassic(insns) : dump === 2 ? formatC(insns) : formatNumbers(insns)
}

const textOf = (file: string): string => new TextDecoder().decode(readBytes(file === "-" ? "/dev/stdin" : file))

function lengthOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const length = Number(text)
  if (!Number.isInteger(length) || length < 1 || length > 0xffff_ffff) {
    throw new SkepError({
      code: "FILTER_RANGE",
      message: `'${text}' is no number of bytes`,
      hint: "give 1 to 4294967295",
    })
  }
  return length
}
