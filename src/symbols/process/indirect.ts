import { closeSync, openSync, readSync, statSync } from "node:fs"
import { type ElfImage, type ElfSegment, EM_AARCH64, EM_X86_64, PF_X, PT_LOAD } from "../elf/image.ts"
import type { Binary } from "./binary.ts"
import { type Mapping, processMaps } from "./maps.ts"

const SHT_RELA = 4
/** Bytes of an Elf64_Rela: where, what (the type in the lower half), and the addend. */
const RELA = 24
/** The largest page of arm64. */
const MOST_PAGE = 65536

/** R_…_IRELATIVE: the word becomes what the function at the addend returns. Sources: the psABI of each processor. */
const IRELATIVE: ReadonlyMap<number, number> = new Map([
  [EM_X86_64, 37],
  [EM_AARCH64, 1032],
])

/**
 * Which function an ifunc's chooser has chosen in a process: the address as the file's headers have it. It is read where the file itself keeps the
 * choice for its own calls. Undefined where the process does not run the file or may not be looked at, where the file never calls the function
 * itself, and where the choice lies outside of it (`time` is in the vdso).
 */
export function chosenAddress(
  binary: Binary,
  image: ElfImage,
  chooser: number,
  pid: number | "self",
): number | undefined {
  const slot = slotOf(image, chooser)
  const bias = slot === undefined ? undefined : biasOf(binary, image, pid)
  if (slot === undefined || bias === undefined) return undefined
  const chosen = readWord(pid, bias + slot)
  if (chosen === undefined) return undefined
  const address = chosen - bias
  return address !== chooser && image.fileOffset(address) !== undefined ? address : undefined
}

/** Address of the word in which the linker keeps what a chooser returned. */
function slotOf(image: ElfImage, chooser: number): number | undefined {
  const type = IRELATIVE.get(image.machine)
  if (type === undefined || !image.is64) return undefined
  for (const section of image.sections) {
    if (section.type !== SHT_RELA) continue
    const bytes = image.read(section)
    const view = image.view(bytes)
    for (let at = 0; at + RELA <= bytes.length; at += RELA) {
      if (view.u32(at + 8) === type && view.u64(at + 16) === chooser) return view.u64(at)
    }
  }
  return undefined
}

/** How far from its headers' addresses a process has mapped a file. */
function biasOf(binary: Binary, image: ElfImage, pid: number | "self"): number | undefined {
  const mapping = processMaps(pid).find(mapping => isOf(mapping, binary))
  if (mapping === undefined) return undefined
  // Mapped from the page on in which its code begins.
  const isCode = ({ type, flags, offset }: ElfSegment): boolean =>
    type === PT_LOAD && (flags & PF_X) !== 0 && offset >= mapping.fileOffset && offset - mapping.fileOffset < MOST_PAGE
  const part = image.segments.find(isCode)
  return part && mapping.start - mapping.fileOffset - (part.address - part.offset)
}

function isOf({ inode, executable }: Mapping, { path }: Binary): boolean {
  if (!executable || inode === 0) return false
  try {
    return statSync(path).ino === inode
  } catch {
    return false
  }
}

function readWord(pid: number | "self", address: number): number | undefined {
  try {
    const fd = openSync(`/proc/${pid}/mem`, "r")
    try {
      const bytes = Buffer.alloc(8)
      return readSync(fd, bytes, 0, 8, address) === 8 ? Number(bytes.readBigUInt64LE()) : undefined
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined
  }
}
