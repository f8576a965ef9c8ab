import { BPF_PSEUDO_MAP_VALUE, type Insn } from "../../src/isa/index.ts"
import { type BpfObject, makeImage } from "../../src/object/index.ts"
import { type CodeImage, type Helper, KERNEL, type Memory } from "../../src/vm/index.ts"

/** A program of an object in a memory, with its global data. */
export interface PlacedProgram {
  readonly image: CodeImage
  /** Addresses of the object's global data, by the map's name. */
  readonly data: ReadonlyMap<string, number>
}

/** Puts a program that has no maps but global data into a memory. */
export function placeProgram(
  memory: Memory,
  object: BpfObject,
  name: string,
  helpers: Readonly<Record<number, Helper>> = {},
): PlacedProgram {
  const data = new Map<string, number>()
  for (const map of object.maps) {
    if (map.data === undefined) continue
    const at = memory.allocate(map.valueSize, map.name, { align: map.align ?? 8 })
    memory.u8.set(map.data, at)
    data.set(map.name, at)
  }
  const { insns, relocations, slotCount } = makeImage(object.programs.find(p => p.name === name)!, object)
  const resolved: Insn[] = [...insns]
  for (const r of relocations) {
    if (r.kind !== "mapValue") throw new Error(`${name} needs a ${r.kind}`)
    const address = data.get(r.map)! + r.offset
    resolved[r.insn] = { ...insns[r.insn], src: 0, imm: address, imm64: KERNEL }
    if (insns[r.insn].src !== BPF_PSEUDO_MAP_VALUE) throw new Error("a relocation of another kind")
  }
  const image = {
    name,
    insns: resolved,
    kfuncs: [],
    helper: (n: number) => helpers[n],
    probes: new Uint8Array(slotCount),
  }
  return { image, data }
}
