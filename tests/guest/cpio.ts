/** One entry of an archive. `mode` holds the type and the permission bits, e.g. 0o100755 for a program, 0o40755 for a folder. */
export type CpioEntry = { name: string; mode: number; data?: Uint8Array }

/**
 * Packs entries into the archive format that the kernel unpacks at boot ("newc", kernel: Documentation/driver-api/early-userspace).
 *
 *     "070701" ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
 *              (thirteen numbers of eight hex digits), name NUL, padding to 4, data, padding to 4
 */
export function cpio(entries: CpioEntry[]): Buffer {
  const parts: Uint8Array[] = []
  for (const [i, entry] of [...entries, { name: "TRAILER!!!", mode: 0 }].entries()) {
    const data = "data" in entry && entry.data ? entry.data : new Uint8Array(0)
    const name = Buffer.from(`${entry.name}\0`)
    const numbers = [i + 1, entry.mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0]
    const head = `070701${numbers.map(n => n.toString(16).padStart(8, "0")).join("")}`
    parts.push(Buffer.from(head), name, padding(head.length + name.length), data, padding(data.length))
  }
  return Buffer.concat(parts)
}

function padding(length: number): Uint8Array {
  return new Uint8Array(-length & 3)
}
