import { KERNEL, PACKET, USER } from "../address.ts"
import { EINVAL } from "../errno.ts"
import type { Run } from "../run.ts"
import { textLength } from "./probe.ts"

/** A value to print: 64 bits, two words. */
export interface Value {
  readonly low: number
  readonly high: number
}

/** Longest string that `%s` prints. */
const STRING = 512

/**
 * What the kernel makes of a format: bytes as Latin-1 text; or −EINVAL where it refuses it.
 *
 *     %[flags][width][l|ll]d i u x X c s p, %px %pK, %pS %ps %pB, %pks %pus, %pI4 %pi4 %pI6 %pi6, %%
 *
 * Source: kernel/bpf/helpers.c, bpf_bprintf_prepare; lib/vsprintf.c.
 */
export function format(run: Run, text: string, values: readonly Value[]): string | number {
  let out = ""
  let used = 0
  // Bytes that are neither printable ASCII nor white space are refused in a format.
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c < 9 || (c > 13 && c < 32) || c > 126) return -EINVAL
    if (text[at] !== "%") {
      out += text[at]
      continue
    }
    if (text[at + 1] === "%") {
      out += "%"
      at++
      continue
    }
    CONVERSION.lastIndex = at
    const found = CONVERSION.exec(text)
    if (found === null || used === values.length) return -EINVAL
    const [all, flags, width, wide, kind, suffix] = found
    const shown = convert(run, { kind, suffix, wide: wide !== "" }, values[used++])
    if (typeof shown === "number") return shown
    out += pad(shown, flags, Number(width), kind)
    at += all.length - 1
  }
  return out
}

const CONVERSION = /%([-+ 0]*)(\d*)(ll?|)([diuxXcsp])((?<=p)(?:[xKBsS]|ks|us|[Ii][46])?|)/y

interface Conversion {
  readonly kind: string
  readonly suffix: string
  readonly wide: boolean
}

function convert(run: Run, { kind, suffix, wide }: Conversion, value: Value): string | number {
  const unsigned = wide ? join(value) : BigInt(value.low >>> 0)
  switch (kind) {
    case "d":
    case "i":
      return String(wide ? BigInt.asIntN(64, unsigned) : value.low)
    case "u":
      return String(unsigned)
    case "x":
      return unsigned.toString(16)
    case "X":
      return unsigned.toString(16).toUpperCase()
    case "c":
      return String.fromCharCode(value.low & 0xff)
    case "s":
      return stringAt(run, value, undefined)
    default:
      return pointer(run, suffix, value)
  }
}

const join = ({ low, high }: Value): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)

function stringAt(run: Run, { low, high }: Value, user: boolean | undefined): string {
  const allowed =
    user === true ? high === USER : high === KERNEL || high === PACKET || (user === undefined && high === USER)
  const length = allowed ? textLength(run, low, STRING) : -1
  return length < 0 ? "" : latin1(run.memory.bytes(low, length))
}

/** Bytes as text, each a character. */
export const latin1 = (bytes: Uint8Array): string => {
  let text = ""
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

function pointer(run: Run, suffix: string, value: Value): string | number {
  switch (suffix) {
    case "":
      return hashed(value)
    case "x":
    case "K":
      return join(value).toString(16).padStart(16, "0")
    case "ks":
      return stringAt(run, value, false)
    case "us":
      return stringAt(run, value, true)
    case "s":
    case "S":
    case "B":
      return run.environment.symbolAt?.(join(value)) ?? `0x${join(value).toString(16)}`
    default:
      return address(run, suffix, value)
  }
}

/** `%p` hides addresses: a number that stands for one, the same each time. */
function hashed({ low, high }: Value): string {
  if ((low | high) === 0) return "(null)".padStart(16)
  const hash = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1)
  return ((hash ^ (hash >>> 15)) >>> 0).toString(16).padStart(16, "0")
}

/** An IP address: `I` in the usual form, `i` with leading zeros (IPv4) or without colons (IPv6). */
function address(run: Run, suffix: string, { low, high }: Value): string {
  const bytes = suffix.endsWith("4") ? 4 : 16
  if (high === USER || !run.memory.readable(low, bytes)) return ""
  const data = run.memory.bytes(low, bytes)
  if (bytes === 4) return [...data].map(byte => String(byte).padStart(suffix[0] === "i" ? 3 : 1, "0")).join(".")
  const words = Array.from({ length: 8 }, (_, i) =>
    ((data[2 * i] << 8) | data[2 * i + 1]).toString(16).padStart(4, "0"),
  )
  return words.join(suffix[0] === "I" ? ":" : "")
}

function pad(text: string, flags: string, width: number, kind: string): string {
  const signed = kind === "d" || kind === "i"
  if (signed && !text.startsWith("-")) text = (flags.includes("+") ? "+" : flags.includes(" ") ? " " : "") + text
  if (text.length >= width) return text
  if (flags.includes("-")) return text.padEnd(width)
  if (!flags.includes("0") || kind === "s" || kind === "c") return text.padStart(width)
  const prefix = /^[-+ ]?/.exec(text)?.[0] ?? ""
  return prefix + text.slice(prefix.length).padStart(width - prefix.length, "0")
}
