import { readFileSync } from "node:fs"

const AT_PAGESZ = 6n
let known: number | undefined

/** Bytes of a memory page: 4096 on x64, up to 65536 on arm64. */
export function pageSize(): number {
  if (known !== undefined) return known
  known = 4096
  // /proc/self/auxv: pairs of u64 key, value.
  const bytes = readFileSync("/proc/self/auxv")
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    if (bytes.readBigUInt64LE(at) === AT_PAGESZ) known = Number(bytes.readBigUInt64LE(at + 8))
  }
  return known
}
