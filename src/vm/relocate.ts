import { SkepError } from "../base/index.ts"
import {
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_VALUE,
  call,
  type Insn,
} from "../isa/index.ts"
import { noMap } from "../machine/index.ts"
import { type Image, POISON_HELPER } from "../object/index.ts"
import { KERNEL } from "./address.ts"
import type { Helper } from "./code.ts"
import { kfuncByName } from "./kfuncs/index.ts"
import type { LoadProgram } from "./loadProgram.ts"
import { ArenaMap } from "./maps/arena.ts"
import { ArrayMap } from "./maps/array.ts"
import type { VmMap } from "./maps/map.ts"

/** What a program refers to. */
export interface Relocated {
  /** The instructions as a kernel is given them: with descriptors of maps, and the kernel's numbers of its functions and variables. */
  readonly given: readonly Insn[]
  /** The kernel functions that it calls, by the number in the calls of the image. */
  readonly kfuncs: readonly Helper[]
  readonly maps: ReadonlySet<VmMap>
}

/**
 * Fills in what only the machine knows: addresses of maps and their values, functions and symbols of the kernel.
 * @throws SkepError VM_NO_KFUNC, VM_NO_SYMBOL
 */
export function relocate(image: Image, load: LoadProgram): Relocated {
  const { insns } = image
  const given = [...insns]
  const kfuncs: Helper[] = []
  const maps = new Set<VmMap>()
  const numberOf = (name: string, ...kinds: ("func" | "var")[]): number =>
    load.context.types?.().find(name, ...kinds) ?? 0
  for (const relocation of image.relocations) {
    const { insn } = relocation
    switch (relocation.kind) {
      case "kfunc": {
        const { name, weak } = relocation
        const kfunc = kfuncByName(name)
        if (kfunc !== undefined) {
          given[insn] = { ...insns[insn], src: BPF_PSEUDO_KFUNC_CALL, imm: numberOf(name, "func"), off: 0 }
          insns[insn] = { ...insns[insn], src: BPF_PSEUDO_KFUNC_CALL, imm: kfuncs.push(kfunc) - 1, off: 0 }
        } else if (weak) {
          given[insn] = insns[insn] = call(POISON_HELPER)
          image.poisoned.set(insn, `function ${name} is not in this machine`)
        } else throw noKfunc(load.spec.name, name)
        break
      }
      case "ksym": {
        const { name, typed, weak } = relocation
        const address = load.context.core.environment.symbol(name)
        if (address === undefined && !weak) throw noSymbol(load.spec.name, name)
        const value = address ?? 0n
        insns[insn] = constant(insns[insn], Number(value & 0xffffffffn), Number(value >> 32n))
        const number = typed && address !== undefined ? numberOf(name, "var", "func") : 0
        given[insn] = number === 0 ? insns[insn] : { ...insns[insn], src: BPF_PSEUDO_BTF_ID, imm: number, imm64: 0 }
        break
      }
      case "extern":
        throw notLinked(load.spec.name, relocation.name)
      default: {
        const loaded = load.maps.get(relocation.map)
        if (loaded === undefined) {
          if (load.object.externs?.some(e => e.name === relocation.map)) throw notLinked(load.spec.name, relocation.map)
          throw noMap(relocation.map, load.maps.keys())
        }
        const { map } = loaded
        maps.add(map)
        const isValue = relocation.kind === "mapValue"
        const src = isValue ? BPF_PSEUDO_MAP_VALUE : BPF_PSEUDO_MAP_FD
        given[insn] = { ...insns[insn], src, imm: map.handle, imm64: isValue ? relocation.offset : 0 }
        insns[insn] = constant(insns[insn], isValue ? valuesOf(map) + relocation.offset : map.address, KERNEL)
      }
    }
  }
  return { given, kfuncs, maps }
}

/** Where the values of global data are. */
const valuesOf = (map: VmMap): number =>
  map instanceof ArrayMap ? map.data : map instanceof ArenaMap ? map.base : map.address

const constant = (insn: Insn, low: number, high: number): Insn => ({ ...insn, src: 0, imm: low | 0, imm64: high | 0 })

const notLinked = (user: string, name: string): SkepError =>
  new SkepError({
    code: "KERNEL_NOT_LINKED",
    message: `${user} uses ${name}, which another object defines`,
    hint: "link the objects before loading them: skep link a.o b.o -o both.o",
  })

const noKfunc = (user: string, name: string): SkepError =>
  new SkepError({
    code: "VM_NO_KFUNC",
    message: `${user} calls ${name}, a kernel function that the embedded machine does not have`,
    hint: "declare it __weak and ask bpf_ksym_exists, or run the program in the kernel",
  })

const noSymbol = (user: string, name: string): SkepError =>
  new SkepError({
    code: "VM_NO_SYMBOL",
    message: `${user} uses the address of ${name}, which the embedded machine's kernel does not have`,
    hint: "declare it __weak, and its address is 0",
  })
