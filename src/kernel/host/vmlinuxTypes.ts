import { readFileSync, statSync } from "node:fs"
import { Btf, INDEX_FORMAT, indexedBtf } from "../../btf/index.ts"
import { cacheFolder, keep, openKept } from "../../cache/index.ts"

const VMLINUX = "/sys/kernel/btf/vmlinux"
const NOTES = "/sys/kernel/notes"
const NT_GNU_BUILD_ID = 3

/**
 * The running kernel's types. The kernel hands them out a page at a time, 1,300 of them, and going through them takes as long again: a copy of our own with
 * an index of its names, kept under the kernel's build id, is read where a program's types are. Throws what `readFileSync` and `Btf.parse` do.
 */
export function vmlinuxTypes(): Btf {
  const { size } = statSync(VMLINUX)
  const id = buildId()
  const name = id === undefined ? undefined : `btf-${INDEX_FORMAT}-${id}-${size}`
  const kept = name && keptTypes(name)
  if (kept) return kept
  const bytes = readFileSync(VMLINUX)
  if (name !== undefined && bytes.length === size && cacheFolder(true) !== undefined) {
    const file = indexedBtf(bytes)
    if (file !== undefined) keep(name, file)
    // From now on as every later process: the code that is kept of this one is what those run.
    const types = keptTypes(name)
    if (types !== undefined) return types
  }
  return Btf.parse(bytes)
}

function keptTypes(name: string): Btf | undefined {
  const file = openKept(name)
  const types = file && Btf.open(file)
  if (types === undefined) file?.close()
  return types
}

/** The running kernel's build id as hexadecimal digits, from its ELF notes: name size, content size, type, name, content. */
function buildId(): string | undefined {
  try {
    const notes = readFileSync(NOTES)
    const view = new DataView(notes.buffer, notes.byteOffset, notes.byteLength)
    const little = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
    for (let at = 0; at + 12 <= notes.length; ) {
      const nameSize = view.getUint32(at, little)
      const size = view.getUint32(at + 4, little)
      const name = at + 12
      const content = name + ((nameSize + 3) & ~3)
      if (view.getUint32(at + 8, little) === NT_GNU_BUILD_ID && notes.toString("latin1", name, name + 4) === "GNU\0")
        return notes.toString("hex", content, content + size)
      at = content + ((size + 3) & ~3)
    }
  } catch {}
  return undefined
}
