import { dirname } from "node:path"
import type { Binary } from "../process/binary.ts"
import { ElfImage, textAt } from "./image.ts"
import { buildId } from "./notes.ts"
import { unpackXz } from "./xz.ts"

const FOLDER = "/usr/lib/debug"

/**
 * Images with more symbols of a program or library: what it has packed in itself (`.gnu_debugdata`), and what its distribution keeps apart under its build-id or its debug link. The caller
 * disposes of them. None is no fault.
 */
export function debugImages(image: ElfImage, binary: Binary): ElfImage[] {
  // A symbol table of its own has all that a debug file could have.
  if (image.section(".symtab") !== undefined) return []
  const mini = smallDebugInformation(image)
  const root = binary.path.endsWith(binary.name) ? binary.path.slice(0, -binary.name.length) : ""
  const id = buildId(image)
  for (const path of debugPaths(image, binary.name, id)) {
    try {
      const found = ElfImage.open(`${root}${path}`)
      // Another build's file would give wrong names.
      if (found.section(".symtab") !== undefined && (id === undefined || buildId(found) === id)) return [...mini, found]
      found[Symbol.dispose]()
    } catch {}
  }
  return mini
}

/** The symbols that Fedora and its like leave in the file itself, packed; whatever is wrong with them, there are none. */
function smallDebugInformation(image: ElfImage): ElfImage[] {
  const unpacked = unpackXz(image.read(image.section(".gnu_debugdata")))
  if (unpacked === undefined) return []
  try {
    return [ElfImage.of(unpacked, `${image.name} .gnu_debugdata`)]
  } catch {
    return []
  }
}

/** Where the debug file may be, the likeliest first. */
function debugPaths(image: ElfImage, name: string, id: string | undefined): string[] {
  const paths: string[] = []
  if (id !== undefined) paths.push(`${FOLDER}/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`)
  // .gnu_debuglink: a file name, padded to 4 bytes, and the CRC-32 of the file
  const link = textAt(image.read(image.section(".gnu_debuglink")), 0)
  if (link !== "" && !link.includes("/")) {
    const folder = dirname(name)
    paths.push(`${folder}/${link}`, `${folder}/.debug/${link}`, `${FOLDER}${folder}/${link}`)
  }
  return paths
}
