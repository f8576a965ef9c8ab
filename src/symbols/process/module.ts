import { closeSync, openSync, readSync, statSync } from "node:fs"
import { debugImages } from "../elf/debugFile.ts"
import { buildId, ElfImage, ElfSymbols } from "../elf/index.ts"
import type { Mapping } from "./maps.ts"
import { pathInside, rootOf } from "./root.ts"

/** A file whose code processes run: its symbols are read when the first address in it is looked up, though the file may be gone by then. */
export class CodeModule {
  /** Path as the process that was first seen with it has it. */
  readonly path: string
  /** The number its linker gave it. */
  readonly buildId: string | undefined
  readonly #openPath: string
  readonly #image: ElfImage
  #symbols: ElfSymbols | undefined

  constructor(image: ElfImage, path: string, openPath: string) {
    this.#image = image
    this.path = path
    this.buildId = buildId(image)
    this.#openPath = openPath
  }

  /** The file behind a mapping, opened; undefined when it cannot be, or is no program. */
  static open(pid: number, mapping: Mapping): CodeModule | undefined {
    if (mapping.path === "[vdso]") return vdso(pid, mapping)
    const exact = exactPath(pid, mapping)
    const named = namedPath(pid, mapping)
    for (const path of [exact, named]) {
      if (path === undefined) continue
      try {
        return new CodeModule(ElfImage.open(path, mapping.path), mapping.path, named ?? path)
      } catch {}
    }
    return undefined
  }

  /** The function at a byte of the file. */
  locate(fileOffset: number): { readonly name: string; readonly offset: number } | undefined {
    const address = this.#image.address(fileOffset)
    if (address === undefined) return undefined
    const found = this.#read().locate(address)
    return found && { name: found.name, offset: address - found.address }
  }

  /** Reads the symbols and closes the file; its headers stay in memory. */
  #read(): ElfSymbols {
    if (this.#symbols !== undefined) return this.#symbols
    const image = this.#image
    const debug = debugImages(image, { name: this.path, path: this.#openPath })
    this.#symbols = new ElfSymbols(image, ...debug)
    for (const one of [...debug, image]) one[Symbol.dispose]()
    return this.#symbols
  }
}

/**
 * What tells the file behind a mapping from every other, also from a later one that got the inode of a deleted file, and from itself before it
 * was written again. The device in maps and that of stat(2) are not the same on every file system, so that both are taken.
 */
export function identityOfFile(pid: number, mapping: Mapping): string {
  if (mapping.inode === 0) return `${pid} ${mapping.path}`
  const known = `${mapping.device} ${mapping.inode}`
  for (const pathOf of [exactPath, namedPath]) {
    const path = pathOf(pid, mapping)
    if (path === undefined) continue
    try {
      const { dev, ino, size, mtimeNs, birthtimeNs } = statSync(path, { bigint: true })
      return `${known} ${dev} ${ino} ${size} ${mtimeNs} ${birthtimeNs}`
    } catch {}
  }
  return known
}

/** The very file, whatever its name stands for by now. Needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE. */
function exactPath(pid: number, { start, end }: Mapping): string {
  return `/proc/${pid}/map_files/${start.toString(16)}-${end.toString(16)}`
}

function namedPath(pid: number, { path }: Mapping): string | undefined {
  const root = rootOf(pid)
  return root === "" ? path : pathInside(root, path)
}

/** Pages of the vdso above this are damage. */
const MOST_VDSO = 1 << 16

/** The code that the kernel gives every process: it is in no file but in the process's memory. */
function vdso(pid: number, { start, end }: Mapping): CodeModule | undefined {
  if (end - start > MOST_VDSO) return undefined
  try {
    const fd = openSync(`/proc/${pid}/mem`, "r")
    try {
      const bytes = new Uint8Array(end - start)
      readSync(fd, bytes, 0, bytes.length, start)
      return new CodeModule(ElfImage.of(bytes, "[vdso]"), "[vdso]", "[vdso]")
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined
  }
}
