import { BPF_PSEUDO_MAP_VALUE, decodeInsns, OP_CALL, OP_LDDW } from "../../src/isa/index.ts"
import { setSys, sys } from "../../src/kernel/index.ts"

/** What a kernel does not know yet. */
export interface Age {
  /** Kinds of BTF from this number on are refused. */
  readonly btfKinds?: number
  /** Helpers from this number on. */
  readonly helpers?: number
  /** Flags of maps. */
  readonly mapFlags?: number
  /** Programs that have the address of a map's value. */
  readonly globalData?: boolean
}

const EINVAL = 22
const [MAP_CREATE, PROG_LOAD, BTF_LOAD] = [0, 5, 18]

/**
 * Makes this process's kernel refuse what an older one would: from now on in the whole process. Every other call goes to the real one, so that what
 * is done in its place is tried on a kernel, too.
 */
export function growOlder(age: Age): void {
  const real = sys()
  const u32 = (address: number): number => new DataView(real.view(address, 4).slice().buffer).getUint32(0, true)
  const pointer = (address: number): number =>
    Number(new DataView(real.view(address, 8).slice().buffer).getBigUint64(0, true))
  const isTooNew = (command: number, attr: number): boolean => {
    if (command === MAP_CREATE) return (u32(attr + 12) & (age.mapFlags ?? 0)) !== 0
    if (command === BTF_LOAD) {
      const bytes = real.view(pointer(attr), u32(attr + 16)).slice()
      return age.btfKinds !== undefined && kindsOf(bytes).some(kind => kind >= (age.btfKinds as number))
    }
    if (command !== PROG_LOAD) return false
    return decodeInsns(real.view(pointer(attr + 8), 8 * u32(attr + 4)).slice()).some(
      ({ op, src, imm }) =>
        (op === OP_CALL && src === 0 && imm >= (age.helpers ?? Infinity)) ||
        (age.globalData === false && op === OP_LDDW && src === BPF_PSEUDO_MAP_VALUE),
    )
  }
  setSys({
    ...real,
    call(number, ...args) {
      if (number === real.numbers.bpf && isTooNew(args[0], args[1] as number)) return -EINVAL
      return real.call(number, ...args)
    },
  })
}

/** Words behind a type, by its kind. */
const MORE: Readonly<Record<number, (vlen: number) => number>> = {
  1: () => 1,
  3: () => 3,
  4: n => 3 * n,
  5: n => 3 * n,
  6: n => 2 * n,
  13: n => 2 * n,
  14: () => 1,
  15: n => 3 * n,
  17: () => 1,
  19: n => 3 * n,
}

function kindsOf(btf: Uint8Array): number[] {
  const view = new DataView(btf.buffer)
  const start = view.getUint32(4, true) + view.getUint32(8, true)
  const end = start + view.getUint32(12, true)
  const kinds: number[] = []
  for (let at = start; at < end; ) {
    const info = view.getUint32(at + 4, true)
    kinds.push((info >>> 24) & 31)
    at += 12 + 4 * (MORE[(info >>> 24) & 31]?.(info & 0xffff) ?? 0)
  }
  return kinds
}
