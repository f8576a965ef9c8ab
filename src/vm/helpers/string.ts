import type { Helper } from "../code.ts"
import { EINVAL, ERANGE } from "../errno.ts"
import type { Run } from "../run.ts"

/** Text that begins with a number, in base 0 (told by the text), 8, 10 or 16. */
interface Parsed {
  readonly value: bigint
  readonly negative: boolean
  /** Bytes that were read. */
  readonly length: number
}

/** What a text begins with; undefined where that is no number. Source: kernel/bpf/helpers.c, __bpf_strtoull. */
export function parseNumber(text: string, flags: number): Parsed | undefined {
  if (![0, 8, 10, 16].includes(flags)) return undefined
  const [start, sign] = /^[ \t-\r]*(-?)/.exec(text) as RegExpExecArray
  let at = start.length
  let base = flags
  const rest = text.slice(at)
  if (base === 0) base = /^0x[0-9a-f]/i.test(rest) ? 16 : rest.startsWith("0") ? 8 : 10
  if (base === 16 && /^0x/i.test(rest)) at += 2
  const digits = (/^[0-9a-f]*/i.exec(text.slice(at)) as RegExpExecArray)[0]
  let value = 0n
  let count = 0
  for (const digit of digits) {
    const number = Number.parseInt(digit, 16)
    if (number >= base) break
    value = value * BigInt(base) + BigInt(number)
    count++
  }
  return count === 0 ? undefined : { value, negative: sign === "-", length: at + count }
}

function parse(
  run: Run,
  buffer: number,
  high: number,
  size: number,
  flags: number,
  flagsHigh: number,
): Parsed | undefined {
  run.readable(buffer, high, size)
  if (size === 0 || flagsHigh !== 0) return undefined
  return parseNumber(run.memory.text(buffer, size), flags)
}

export const stringHelpers: Readonly<Record<string, Helper>> = {
  bpf_strtol(run, buffer, high, size, _sizeHigh, flags, flagsHigh, result, resultHigh) {
    run.memory.view.setBigInt64(run.writable(result, resultHigh, 8), 0n, true)
    const parsed = parse(run, buffer, high, size, flags, flagsHigh)
    if (parsed === undefined) return run.signed(-EINVAL)
    const value = parsed.negative ? -parsed.value : parsed.value
    if (BigInt.asIntN(64, value) !== value) return run.signed(-ERANGE)
    run.memory.view.setBigInt64(result, value, true)
    return parsed.length
  },

  bpf_strtoul(run, buffer, high, size, _sizeHigh, flags, flagsHigh, result, resultHigh) {
    run.memory.view.setBigInt64(run.writable(result, resultHigh, 8), 0n, true)
    const parsed = parse(run, buffer, high, size, flags, flagsHigh)
    if (parsed === undefined) return run.signed(-EINVAL)
    if (BigInt.asUintN(64, parsed.value) !== parsed.value) return run.signed(-ERANGE)
    if (parsed.negative) return run.signed(-EINVAL)
    run.memory.view.setBigUint64(result, parsed.value, true)
    return parsed.length
  },

  bpf_strncmp(run, a, aHigh, size, _sizeHigh, b, bHigh) {
    run.readable(a, aHigh, size)
    const { memory } = run
    for (let i = 0; i < size; i++) {
      const one = memory.u8[a + i]
      const other = memory.u8[run.readable(b + i, bHigh, 1)]
      if (one !== other) return run.signed(one < other ? -1 : 1)
      if (one === 0) break
    }
    return 0
  },
}
