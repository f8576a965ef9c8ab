import { existsSync } from "node:fs"
import koffi from "koffi"
import { type ClassicInsn, decodeClassic, encodeClassic } from "../../src/filter/index.ts"

const PATHS = ["/usr/lib/x86_64-linux-gnu/libpcap.so.0.8", "/usr/lib/aarch64-linux-gnu/libpcap.so.0.8"]

/** Where the library is that tcpdump compiles filters with; undefined where it is not installed. */
export const libpcapPath = PATHS.find(path => existsSync(path))

/** libpcap's own compiler and interpreter of filters, without a process for each filter. */
export class Libpcap {
  readonly #open
  readonly #compile
  readonly #error
  readonly #free
  readonly #run
  readonly #image
  readonly #handles = new Map<number, unknown>()

  constructor(path: string) {
    const library = koffi.load(path)
    this.#open = library.func("void *pcap_open_dead(int linktype, int snaplen)")
    this.#compile = library.func(
      "int pcap_compile(void *p, _Out_ uint8_t *program, const char *text, int optimize, uint32_t netmask)",
    )
    this.#error = library.func("const char *pcap_geterr(void *p)")
    this.#free = library.func("void pcap_freecode(uint8_t *program)")
    this.#run = library.func(
      "uint32_t bpf_filter(const uint8_t *insns, const uint8_t *packet, uint32_t wire, uint32_t captured)",
    )
    this.#image = library.func("const char *bpf_image(const uint8_t *insn, int at)")
  }

  /** The filter that libpcap makes of an expression, or why it makes none. */
  compile(text: string, { link = 1, optimize = true, netmask = 0 } = {}): ClassicInsn[] | string {
    let handle = this.#handles.get(link)
    if (handle === undefined) this.#handles.set(link, (handle = this.#open(link, 262_144)))
    const program = Buffer.alloc(16)
    if (this.#compile(handle, program, text, Number(optimize), netmask) !== 0) return this.#error(handle) as string
    const count = program.readUInt32LE(0)
    const address = program.readBigUInt64LE(8)
    const bytes = koffi.decode(address, koffi.array("uint8_t", count * 8)) as Uint8Array
    const insns = decodeClassic(Uint8Array.from(bytes))
    this.#free(program)
    return insns
  }

  /** What libpcap's interpreter gives. */
  run(insns: readonly ClassicInsn[], data: Uint8Array, length = data.length): number {
    return this.#run(encodeClassic(insns), data, length, data.length)
  }

  /** An instruction as libpcap writes it. */
  image(insn: ClassicInsn, at: number): string {
    return this.#image(encodeClassic([insn]), at) as string
  }
}
