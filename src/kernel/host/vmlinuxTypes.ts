import { readFileSync, statSync } from "node:fs"
import { keep, readKept } from "../../cache/index.ts"

const VMLINUX = "/sys/kernel/btf/vmlinux"
const NOTES = "/sys/kernel/notes"
const NT_GNU_BUILD_ID = 3

/**
 * The bytes of the running kernel's types. The kernel hands them out a page at a time, 1,300 of them: a copy of our own, kept under the
 * kernel's build id, is there in a tenth of the time. Throws what `readFileSync` does.
 */
export function vmlinuxTypes(): Uint8Array {
  const { size } = statSync(VMLINUX)
  const id = buildId()
  const name = `btf-${id}-${size}`
  const kept = id === undefined ? undefined : readKept(name)
  if (kept?.length === size) return kept
  const bytes = readFileSync(VMLINUX)
  if (id !== undefined && bytes.length === size) keep(name, bytes)
  return bytes
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
