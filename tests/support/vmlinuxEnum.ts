import { readFileSync } from "node:fs"

/**
 * The enumerators of an enum of the running kernel, read from its BTF with a walk of the type records and nothing
 * else, so that tables can be held against the kernel without src/btf. Undefined where the kernel has no BTF.
 */
export function vmlinuxEnum(name: string): Map<string, number> | undefined {
  const bytes = vmlinux()
  if (bytes === undefined) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const u32 = (at: number): number => view.getUint32(at, true)
  const header = u32(4)
  const types = header + u32(8)
  const end = types + u32(12)
  const strings = header + u32(16)
  const text = (offset: number): string => {
    const start = strings + offset
    return Buffer.from(bytes.subarray(start, bytes.indexOf(0, start))).toString("latin1")
  }
  // Bytes that follow the 12 of a type record, by kind number: fixed ones, and those for each member.
  const fixed = [0, 4, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0]
  const each = [0, 0, 0, 0, 12, 12, 8, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 0, 0, 12]
  for (let at = types; at < end; ) {
    const info = u32(at + 4)
    const kind = (info >>> 24) & 31
    const count = info & 0xffff
    if (kind === 6 && text(u32(at)) === name) {
      const found = new Map<string, number>()
      for (let i = 0; i < count; i++) found.set(text(u32(at + 12 + i * 8)), u32(at + 16 + i * 8))
      return found
    }
    at += 12 + fixed[kind] + each[kind] * count
  }
  return undefined
}

let cached: Uint8Array | undefined

function vmlinux(): Uint8Array | undefined {
  try {
    return (cached ??= readFileSync("/sys/kernel/btf/vmlinux"))
  } catch {
    return undefined
  }
}
