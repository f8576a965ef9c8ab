import { existsSync, readFileSync, statSync } from "node:fs"
import { release } from "node:os"
import { Btf, INDEX_FORMAT, indexedBtf } from "../../btf/index.ts"
import { cacheFolder, keep, openKept } from "../../cache/index.ts"
import { ElfFile } from "../../object/index.ts"

const VMLINUX = "/sys/kernel/btf/vmlinux"
const NOTES = "/sys/kernel/notes"
const NT_GNU_BUILD_ID = 3

/**
 * The running kernel's types. The kernel hands them out a page at a time, 1,300 of them, and going through them takes as long again: a copy of our own with
 * an index of its names, kept under the kernel's build id, is read where a program's types are. Throws what `readFileSync` and `Btf.parse` do.
 */
export function vmlinuxTypes(): Btf {
  if (!existsSync(VMLINUX)) return typesOfImage()
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

/** Where distributions put the kernel's image with its symbols. */
const imagesOf = (version: string): string[] => [
  `/boot/vmlinux-${version}`,
  `/lib/modules/${version}/vmlinux-${version}`,
  `/lib/modules/${version}/build/vmlinux`,
  `/usr/lib/modules/${version}/kernel/vmlinux`,
  `/usr/lib/debug/boot/vmlinux-${version}`,
  `/usr/lib/debug/boot/vmlinux-${version}.debug`,
  `/usr/lib/debug/lib/modules/${version}/vmlinux`,
]

/** The types of a kernel that does not tell them itself: those of its image, where one with BTF is installed. */
export function typesOfImage(images: readonly string[] = imagesOf(release())): Btf {
  for (const path of images.filter(existsSync)) {
    const elf = new ElfFile(readFileSync(path))
    const section = elf.section(".BTF")
    if (section !== undefined) return Btf.parse(elf.data(section))
  }
  throw new Error(`${VMLINUX} is not there, and none of ${images.join(", ")} has types`)
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
