import type { CallInst, Inst } from "../ir/index.ts"

/** What a helper does to the memory that an argument points to. */
export interface ArgEffect {
  readonly reads: boolean
  readonly writes: boolean
  /** The argument that gives how many bytes; undefined: not known. */
  readonly size: number | undefined
  /** All those bytes are written, whatever the helper answers. */
  readonly whole: boolean
}

/**
 * Memory effects of helpers, by number in uapi/linux/bpf.h: a word for each argument. `-`: no memory of the program is touched through it; `r`:
 * read; `w`: written, perhaps in part; `W`: written whole, even when the helper fails; a digit is the argument that gives the number of bytes.
 *
 *     bpf_probe_read_kernel(to, size, from)     W1 - r
 *     bpf_perf_event_output(ctx, map, flags, data, size)     - - - r4
 */
const HELPERS: Readonly<Record<number, string>> = {
  1: "- r",
  2: "- r r -",
  3: "- r",
  4: "W1 - r1",
  6: "r1 - r r r",
  9: "- - r3 - -",
  16: "W1 -",
  25: "- - - r4 -",
  26: "- - W3 -",
  27: "- - -",
  28: "r1 - r3 - -",
  45: "w1 - r",
  55: "- - W3 -",
  56: "- W2 -",
  67: "- w2 - -",
  68: "- - W3 - -",
  87: "- r -",
  88: "- w",
  89: "- w",
  111: "- - - r4 -",
  112: "W1 - r1",
  113: "W1 - r1",
  114: "w1 - r",
  115: "w1 - r",
  120: "- - W3 -",
  121: "- - - r4 -",
  126: "- r2 - r4 -",
  127: "- r2 -",
  130: "- r2 - -",
  148: "W1 - r1",
  165: "w1 - r r4 -",
  177: "r1 - r3 -",
  182: "r1 - r",
  195: "- r -",
}

const BOTH: ArgEffect = { reads: true, writes: true, size: undefined, whole: false }
const parsed = new Map<number, readonly (ArgEffect | undefined)[]>()

function parse(words: string): (ArgEffect | undefined)[] {
  return words.split(" ").map(word => {
    if (word === "-") return undefined
    const [how, digit] = word
    const size = digit === undefined ? undefined : Number(digit)
    return { reads: how === "r", writes: how !== "r", size, whole: how === "W" }
  })
}

/** What a call does to memory through its argument `index`; undefined for nothing. Of a function that is not known: all that is possible. */
export function argEffect(call: CallInst & Inst, index: number): ArgEffect | undefined {
  if (call.callee.kind !== "helper") return BOTH
  const { id } = call.callee
  const words = HELPERS[id]
  if (words === undefined) return BOTH
  let effects = parsed.get(id)
  if (effects === undefined) {
    effects = parse(words)
    parsed.set(id, effects)
  }
  return index < effects.length ? effects[index] : BOTH
}
