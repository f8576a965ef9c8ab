import type { Helper } from "../code.ts"
import { EINVAL } from "../errno.ts"
import type { Run } from "../run.ts"
import { format, latin1, type Value } from "./format.ts"

/** Bytes that one call prints at most. Source: MAX_BPRINTF_BUF. */
const LINE = 1024

/** The format at an address, with its zero byte in `size`; undefined where it has none. */
function formatText(run: Run, address: number, high: number, size: number): string | undefined {
  run.readable(address, high, size)
  const bytes = run.memory.bytes(address, size)
  const end = bytes.indexOf(0)
  return end < 0 ? undefined : latin1(bytes.subarray(0, end))
}

/** 64-bit values one after another. */
function valuesAt(run: Run, address: number, high: number, size: number): Value[] | undefined {
  if (size % 8 !== 0 || size > 12 * 8) return undefined
  if (size > 0) run.readable(address, high, size)
  const { view } = run.memory
  return Array.from({ length: size / 8 }, (_, i) => ({
    low: view.getInt32(address + 8 * i, true),
    high: view.getInt32(address + 8 * i + 4, true),
  }))
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, c => c.charCodeAt(0))
const utf8 = new TextDecoder()

function print(run: Run, text: string | undefined, values: readonly Value[] | undefined): number {
  const made = text === undefined || values === undefined ? -EINVAL : format(run, text, values)
  if (typeof made === "number") return run.signed(made)
  const line = made.slice(0, LINE - 1)
  const { environment, cpu } = run
  const { comm, pid } = environment.task()
  const message = utf8.decode(bytesOf(line)).replace(/\n$/, "")
  run.core.trace.print({ task: comm, pid, cpu, time: environment.now(), message })
  return line.length
}

/** What programs print, and text that they make. */
export const printHelpers: Readonly<Record<string, Helper>> = {
  bpf_trace_printk(run, text, textHigh, size, _sizeHigh, a3, a3High, a4, a4High, a5, a5High) {
    const all = [
      { low: a3, high: a3High },
      { low: a4, high: a4High },
      { low: a5, high: a5High },
    ]
    return print(run, formatText(run, text, textHigh, size), all)
  },

  bpf_trace_vprintk(run, text, textHigh, size, _sizeHigh, data, dataHigh, length) {
    return print(run, formatText(run, text, textHigh, size), valuesAt(run, data, dataHigh, length))
  },

  bpf_seq_printf(run, _file, _fileHigh, text, textHigh, size, _sizeHigh, data, dataHigh, length) {
    const shape = formatText(run, text, textHigh, size)
    const values = valuesAt(run, data, dataHigh, length)
    const made = shape === undefined || values === undefined ? -EINVAL : format(run, shape, values)
    if (typeof made === "number") return run.signed(made)
    run.sequence?.add(bytesOf(made))
    return 0
  },

  bpf_seq_write(run, _file, _fileHigh, data, dataHigh, length) {
    run.sequence?.add(run.memory.copy(run.readable(data, dataHigh, length), length))
    return 0
  },

  bpf_snprintf(run, to, toHigh, size, _sizeHigh, text, textHigh, data, dataHigh, length) {
    const values = valuesAt(run, data, dataHigh, length)
    if (size > 0) run.writable(to, toHigh, size)
    run.readable(text, textHigh, 1)
    if (values === undefined) return run.signed(-EINVAL)
    const made = format(run, latin1(run.memory.bytes(text, textEnd(run, text) - text)), values)
    if (typeof made === "number") return run.signed(made)
    if (size > 0) {
      const { u8 } = run.memory
      const bytes = bytesOf(made).subarray(0, size - 1)
      u8.set(bytes, to)
      u8[to + bytes.length] = 0
    }
    return made.length + 1
  },
}

/** Where a text ends. The verifier sees to it that it does. */
function textEnd(run: Run, text: number): number {
  let end = text
  while (run.memory.u8[run.readable(end, 0, 1)] !== 0) end++
  return end
}
