import { nearestNames, SkepError } from "../../base/index.ts"
import { ElfImage } from "../elf/index.ts"
import { notesIn } from "../elf/notes.ts"
import { symbolAddress } from "../elf/symbols.ts"
import { type Binary, findBinary, needsProcess } from "../process/binary.ts"
import { processMaps } from "../process/maps.ts"
import { parseUsdtArguments, type UsdtArgument } from "./arguments.ts"

/** A static probe of a program or library: everything the compiler left behind under its name. */
export interface UsdtProbe {
  readonly provider: string
  readonly name: string
  /** Where it is: the compiler can copy the code around it. */
  readonly locations: readonly UsdtLocation[]
}

export interface UsdtLocation {
  /** Address as the file's own headers say it. */
  readonly address: number
  /** Byte of the file. */
  readonly fileOffset: number
  /**
   * Byte of the file where the counter is that switches the probe on (its semaphore): a program that looks at it before it computes the
   * arguments; undefined for a probe that is always on.
   */
  readonly semaphore: number | undefined
  readonly arguments: readonly UsdtArgument[]
  /** The arguments as the note has them. Places with the same text and no symbol in it are read alike. */
  readonly text: string
  /** Addresses of the symbols that the arguments name, as the file's own headers say them. */
  readonly symbols: ReadonlyMap<string, number>
}

const STAPSDT = 3

/**
 * The static probes of an image, in the order of their notes. Those of a processor whose grammar is unknown are there, too, with arguments
 * of kind `unknown`.
 *
 *     .note.stapsdt, owner "stapsdt", type 3: address, base, semaphore as words of the file; provider, name, arguments, each with a zero
 *
 * A prelinked file's addresses moved after the notes were written: by as much as `.stapsdt.base` from the base in the note.
 * Source: systemtap's wiki, UserSpaceProbeImplementation.
 */
export function usdtProbes(image: ElfImage): UsdtProbe[] {
  const probes = new Map<string, { provider: string; name: string; locations: UsdtLocation[] }>()
  const base = image.section(".stapsdt.base")
  const word = image.is64 ? 8 : 4
  for (const { owner, type, description } of notesIn(image.read(image.section(".note.stapsdt")), image)) {
    if (owner !== "stapsdt" || type !== STAPSDT || description.length < word * 3) continue
    const view = image.view(description)
    const moved = base === undefined ? 0 : base.address - view.word(word)
    const address = view.word(0) + moved
    const counter = view.word(word * 2)
    const [provider, name, text] = Buffer.from(description.subarray(word * 3))
      .toString("utf8")
      .split("\0")
    const fileOffset = image.fileOffset(address)
    if (fileOffset === undefined || !provider || !name) continue
    const args = parseUsdtArguments(text ?? "", image.machine)
    const addresses = new Map<string, number>()
    for (const { place } of args) {
      if (place.kind !== "memory" || place.symbol === undefined) continue
      const found = symbolAddress(image, place.symbol)
      if (found !== undefined) addresses.set(place.symbol, found)
    }
    const key = `${provider}:${name}`
    const probe = probes.get(key) ?? { provider, name, locations: [] }
    probes.set(key, probe)
    probe.locations.push({
      address,
      fileOffset,
      semaphore: counter === 0 ? undefined : image.fileOffset(counter + moved),
      arguments: args,
      text: text ?? "",
      symbols: addresses,
    })
  }
  return [...probes.values()]
}

/** The static probes of a file, each with its places. @throws SkepError SYMBOLS_NO_FILE, SYMBOLS_ELF */
export function binaryProbes(binary: Binary): UsdtProbe[] {
  using image = ElfImage.open(binary.path, binary.name)
  return usdtProbes(image)
}

/** A probe by its name; `provider` may be "" when only one has that name. Throws `SYMBOLS_NO_USDT`. */
export function findProbe(binary: Binary, provider: string, name: string): UsdtProbe {
  const all = binaryProbes(binary)
  const found = all.filter(probe => probe.name === name && (provider === "" || probe.provider === provider))
  if (found.length === 1) return found[0]
  const names = all.map(probe => `${probe.provider}:${probe.name}`)
  const wanted = provider === "" ? name : `${provider}:${name}`
  const near = nearestNames(wanted, names, 3)
  throw new SkepError({
    code: "SYMBOLS_NO_USDT",
    message: `${binary.name} has ${found.length === 0 ? "no static probe" : "several static probes"} ${wanted}`,
    hint:
      found.length > 1
        ? `say which: ${found.map(probe => `${probe.provider}:${probe.name}`).join(", ")}`
        : all.length === 0
          ? "it was built without <sys/sdt.h>; Node and Python, for example, need --with-dtrace when they are built"
          : near.length > 0
            ? `did you mean ${near.join(", ")}?`
            : `list them: skep usdt ${binary.name}`,
  })
}

/** Files that a process runs code of, which may have probes: its program first, then its libraries. */
export function processBinaries(pid: number): Binary[] {
  needsProcess(pid)
  const paths = new Set<string>()
  for (const mapping of processMaps(pid))
    if (mapping.executable && mapping.path.startsWith("/")) paths.add(mapping.path)
  const binaries: Binary[] = []
  for (const path of paths) {
    try {
      binaries.push(findBinary(path, pid))
    } catch {
      // Deleted since it was mapped.
    }
  }
  return binaries
}
