import type { ProgramType } from "../../object/index.ts"

/** What a log says of the instruction at which the verifier stopped. */
export interface Fault {
  /** The lines that state what is wrong, first to last, joined by line ends. */
  readonly text: string
  readonly type: ProgramType
  /** The instruction as the log writes it, without its number: `r0 = *(u64 *)(r0 +0)`. */
  readonly insn: string
  /** The helper or kernel function that the instruction calls. */
  readonly callee: string | undefined
  /** The last that the log says of a register: `map_value_or_null(id=1,map=counts,ks=4,vs=8)`. */
  state(register: string | number): string
  /** The instruction at a slot, where the log shows it. */
  insnAt(slot: number): string
  /** `a.c:12` of an instruction, where it is known. */
  placeOf(slot: number): string | undefined
}

/** What is known of the program besides its log. */
export interface Known {
  readonly type: ProgramType
  readonly placeOf: Fault["placeOf"]
  /** The map whose address the instruction at a slot loads. Logs of Linux 6.9 and later name maps themselves. */
  mapAt?(slot: number): string | undefined
}

/** Reads a fault from the end of a log. */
export function readFault(log: string, reason: string, { type, placeOf, mapAt }: Known): Fault {
  const lines = log.split("\n")
  const end = lines.findLastIndex(line => line.trim() === reason || line.includes(reason))
  let start = end
  while (start > 0 && isFaultLine(lines[start - 1])) start--
  const insnAt = (slot: number): string => insnOf(lines.findLast(line => line.startsWith(`${slot}: (`)) ?? "")
  const insn = insnOf(lines.slice(0, start).findLast(line => INSN.test(line)) ?? "")
  return {
    text: lines
      .slice(start, end + 1)
      .map(line => line.trim())
      .join("\n"),
    type,
    insn,
    callee: calleeOf(insn),
    state: register => withMap(stateOf(lines, start, register), () => mapOf(lines, start, mapAt)),
    insnAt,
    placeOf,
  }
}

const INSN = /^\d+: \([0-9a-f]{2}\)/

/** Neither an instruction, nor a source line, nor a state. */
function isFaultLine(line: string): boolean {
  return (
    line.trim() !== "" &&
    !/^(\d+: |; |from \d+|R\d+(_\w+)?=|func#|Func#|mark_precise|(old|cur) state|caller:|callee:| ?frame\d|arg#\d+ reference|Live regs)/.test(
      line,
    )
  )
}

const insnOf = (line: string): string =>
  line
    .replace(INSN, "")
    .replace(/ *;.*$/s, "")
    .trim()

/** `call bpf_redirect#23` → `bpf_redirect` */
export function calleeOf(insn: string): string | undefined {
  return /^call (\w+)#/.exec(insn)?.[1]
}

/** Adds the map's name to a state that speaks of a map and does not name it. */
function withMap(state: string, map: () => string | undefined): string {
  if (!/^P?map_\w+\(/.test(state) || state.includes("map=")) return state
  const name = map()
  return name === undefined ? state : state.replace("(", `(map=${name},`)
}

/** The map whose address was last loaded for a call. */
function mapOf(lines: readonly string[], before: number, mapAt: Known["mapAt"]): string | undefined {
  for (let i = before - 1; i >= 0; i--) {
    const slot = /^(\d+): \(18\) r\d = 0x/.exec(lines[i])?.[1]
    const name = slot === undefined ? undefined : mapAt?.(Number(slot))
    if (name !== undefined) return name
  }
  return undefined
}

function stateOf(lines: readonly string[], before: number, register: string | number): string {
  const pattern = new RegExp(`\\bR${register}(?:_\\w+)?=((?:[^\\s(]|\\((?:[^()]|\\([^()]*\\))*\\))+)`)
  for (let i = before - 1; i >= 0; i--) {
    const found = pattern.exec(lines[i])
    if (found !== null) return found[1]
  }
  return ""
}

/** What the instruction does with memory: `read 8 bytes`. */
export function accessOf({ insn }: Fault): { readonly done: "read" | "written"; readonly bytes: number } {
  const size = /\*\([us](8|16|32|64) \*\)/.exec(insn)
  const written = /^(lock )?\*\(|\batomic/.test(insn)
  return { done: written ? "written" : "read", bytes: size === null ? 0 : Number(size[1]) / 8 }
}

/** `1 byte`, `8 bytes` */
export const byteCount = (n: number): string => `${n} byte${n === 1 ? "" : "s"}`

/** What a register holds, in words: `a value of map 'counts'`. */
export function inWords(state: string): string {
  const [, kind] = /^(?:P)?([a-z_]*)/.exec(state) ?? []
  const map = /map=(\w+)/.exec(state)?.[1]
  const of = map === undefined ? "of a map" : `of map '${map}'`
  switch (kind) {
    case "map_value":
    case "map_value_or_null":
      return `a value ${of}`
    case "map_key":
      return `a key ${of}`
    case "map_ptr":
      return map === undefined ? "a map" : `map '${map}'`
    case "ctx":
      return "the context"
    case "fp":
      return "a local variable"
    case "pkt":
    case "pkt_meta":
      return "the packet"
    case "pkt_end":
      return "the packet's end"
    case "scalar":
    case "inv":
      return "a number"
    case "ringbuf_mem":
    case "ringbuf_mem_or_null":
    case "alloc_mem":
    case "alloc_mem_or_null":
      return "a record of a ring buffer"
    case "mem":
    case "mem_or_null":
    case "rdonly_mem":
      return "memory"
    case "func":
      return "a function"
    default: {
      const record = /^(?:\w*?_)?ptr_(?:or_null_)?(\w+)/.exec(state)?.[1]
      if (record !== undefined && record !== "") return `a pointer to the kernel's ${record}`
      if (/^-?\d|^0x/.test(state)) return `the number ${state}`
      return kind === undefined || kind === "" ? "a value" : `a value of kind ${kind}`
    }
  }
}
