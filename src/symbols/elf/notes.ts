import type { ElfImage } from "./image.ts"
import { textAt } from "./image.ts"

/** A record of a note section. */
export interface ElfNote {
  /** Who defined it: `GNU`, `stapsdt`. */
  readonly owner: string
  readonly type: number
  readonly description: Uint8Array
}

/** Notes in a section's bytes. `nameSize u32, descriptionSize u32, type u32, name, description`, both padded to 4 bytes. */
export function* notesIn(bytes: Uint8Array, image: ElfImage): IterableIterator<ElfNote> {
  const view = image.view(bytes)
  const padded = (n: number): number => Math.ceil(n / 4) * 4
  for (let at = 0; at + 12 <= bytes.length; ) {
    const nameAt = at + 12
    const descriptionAt = nameAt + padded(view.u32(at))
    const end = descriptionAt + view.u32(at + 4)
    if (end > bytes.length) return
    yield {
      owner: textAt(bytes.subarray(nameAt, nameAt + view.u32(at)), 0),
      type: view.u32(at + 8),
      description: bytes.subarray(descriptionAt, end),
    }
    at = padded(end)
  }
}

const NT_GNU_BUILD_ID = 3

/** The number that the linker gave the file, as hexadecimal digits; undefined without one. */
export function buildId(image: ElfImage): string | undefined {
  const bytes = image.read(image.section(".note.gnu.build-id"))
  for (const { owner, type, description } of notesIn(bytes, image)) {
    if (owner === "GNU" && type === NT_GNU_BUILD_ID) return Buffer.from(description).toString("hex")
  }
  return undefined
}
