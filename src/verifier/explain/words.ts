import { inWords } from "./fault.ts"

/** The numbers that a scalar's state allows: `scalar(smin=0,smax=umax=255,var_off=(0x0; 0xff))`. */
interface Bounds {
  readonly least: bigint
  readonly most: bigint
}

const U64_MAX = (1n << 64n) - 1n
const S64_MIN = -(1n << 63n)
const S64_MAX = (1n << 63n) - 1n

/** The value of a limit in a state: the kernel writes several names before one value, `smax=umax=255`. */
function limit(state: string, name: string): bigint | undefined {
  const found = new RegExp(`(?:^|[(,=])${name}(?:_value)?=(?:\\w+=)*(-?(?:0x[0-9a-f]+|\\d+))`).exec(state)?.[1]
  if (found === undefined) return undefined
  const number = found.startsWith("-") ? -BigInt(found.slice(1)) : BigInt(found)
  return name.startsWith("s") ? BigInt.asIntN(64, number) : number
}

/** The smaller of the ranges as a signed and as an unsigned number; undefined where there is none. */
function boundsOf(state: string): Bounds | undefined {
  const signed = { least: limit(state, "smin") ?? S64_MIN, most: limit(state, "smax") ?? S64_MAX }
  const unsigned = { least: limit(state, "umin") ?? 0n, most: limit(state, "umax") ?? U64_MAX }
  const smaller = signed.most - signed.least < unsigned.most - unsigned.least ? signed : unsigned
  return smaller.most - smaller.least >= U64_MAX ? undefined : smaller
}

function numberInWords(state: string): string {
  if (/^-?\d+$|^P?-?0x[0-9a-f]+$/.test(state)) return state.replace(/^P/, "")
  const bounds = boundsOf(state)
  if (bounds === undefined) return "a number that can be anything"
  const { least, most } = bounds
  if (least === most) return String(least)
  if (most >= S64_MAX) return `a number of at least ${least}`
  if (least <= S64_MIN) return `a number of at most ${most}`
  return `a number from ${least} to ${most}`
}

/** How far into an object a pointer leads, where it is not its start: ` + 8`. */
function distance(state: string): string {
  const off = state.startsWith("fp") ? 0 : Number(/\boff=(-?\d+)/.exec(state)?.[1] ?? 0)
  const bounds = /\b[su]m(?:in|ax)/.test(state) ? boundsOf(state) : undefined
  const fixed = off === 0 ? "" : `, ${off} bytes in`
  return bounds === undefined ? fixed : `${fixed}, and ${bounds.least} to ${bounds.most} bytes more`
}

/**
 * What a register holds, as a log has it, with its values:
 *
 *     scalar(smin=smin32=0,smax=umax=255,…)     ⇒ a number from 0 to 255
 *     map_value_or_null(id=1,map=counts,…)      ⇒ a value of map 'counts', or NULL
 *     pkt(r=14)                                 ⇒ the packet, of which 14 bytes are known to be there
 */
export function valueInWords(state: string): string {
  if (/^(P?(scalar|inv)\b|P?-?\d|P?-?0x)/.test(state)) {
    return numberInWords(state.replace(/^P/, "").replace(/^(?:inv|scalar)(?=-?\d)/, ""))
  }
  const thing = state.startsWith("fp") ? "the address of a local variable" : inWords(state)
  if (/^\w*_or_null/.test(state) || /ptr_or_null_/.test(state)) return `${thing}, or NULL`
  if (state.startsWith("pkt(") || state === "pkt") {
    const known = /\br=(\d+)/.exec(state)?.[1] ?? "0"
    const there =
      known === "0" ? "nothing of which is known to be there" : `${known} bytes of which are known to be there`
    return `the packet${distance(state)}, ${there}`
  }
  return `${thing}${distance(state)}`
}
