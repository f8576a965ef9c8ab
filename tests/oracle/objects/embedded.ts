const MAGIC = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1)
const EM_BPF = 247
const SECTION_HEADER_SIZE = 64

/**
 * The BPF objects inside a program, which skeletons put among its constants. One ends with its last section or with the table of its sections.
 */
export function embeddedObjects(program: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = program.indexOf(MAGIC, 1); at >= 0; at = program.indexOf(MAGIC, at + 1)) {
    if (program.length - at < 64 || program.readUInt16LE(at + 18) !== EM_BPF) continue
    const headers = Number(program.readBigUInt64LE(at + 40))
    let end = headers + SECTION_HEADER_SIZE * program.readUInt16LE(at + 60)
    for (let header = headers; header < end && at + header + 64 <= program.length; header += SECTION_HEADER_SIZE) {
      const SHT_NOBITS = 8
      if (program.readUInt32LE(at + header + 4) === SHT_NOBITS) continue
      const last = program.readBigUInt64LE(at + header + 24) + program.readBigUInt64LE(at + header + 32)
      if (last <= program.length - at) end = Math.max(end, Number(last))
    }
    found.push(program.subarray(at, at + end))
  }
  return found
}
