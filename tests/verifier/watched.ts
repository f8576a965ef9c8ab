import { readFileSync } from "node:fs"
import { Btf, type BtfFuncInfo, type BtfLineInfo } from "../../src/btf/index.ts"
import { type AttachType, attachTypes, mapTypes, OP_LDDW, progTypes } from "../../src/isa/index.ts"
import { type BpfWatcher, type MapCreate, mapElement, objInfo, type ProgLoad } from "../../src/kernel/bpf/index.ts"
import { vmlinuxTypes } from "../../src/kernel/host/index.ts"
import { sys } from "../../src/kernel/index.ts"
import type { AttachTarget, VerifierInput, VerifierMap } from "../../src/verifier/index.ts"

/** A program that the kernel was given, as our verifier is given it. */
export interface Watched {
  readonly input: VerifierInput
  readonly load: ProgLoad
  readonly accepted: boolean
  /** Positive number of the kernel's error, 0 if it took the program. */
  readonly errno: number
}

const BPF_F_RDONLY_PROG = 1 << 7
const BPF_MAP_LOOKUP_ELEM = 1

let kernelBtf: Btf | undefined

/** Keeps what was given to the kernel by its descriptors, and tells what our verifier would be given for each program. */
export class LoadWatcher implements BpfWatcher {
  readonly #maps = new Map<number, VerifierMap>()
  readonly #btf = new Map<number, Btf>()
  readonly #programs = new Map<number, VerifierInput>()
  readonly #seen: (watched: Watched) => void

  constructor(seen: (watched: Watched) => void) {
    this.#seen = seen
  }

  mapCreated(fd: number, map: MapCreate): void {
    if (fd < 0) return
    this.#maps.set(fd, {
      name: map.name ?? "",
      type: mapTypes.name(map.type) ?? "",
      keySize: map.keySize,
      valueSize: map.valueSize,
      maxEntries: map.maxEntries,
      flags: map.flags,
      ...(map.btfFd !== undefined && {
        btf: this.#btf.get(map.btfFd),
        keyType: map.btfKeyType,
        valueType: map.btfValueType,
      }),
      ...(map.innerFd !== undefined && { inner: this.#maps.get(map.innerFd) }),
      ...(map.extra !== undefined && { extra: BigInt(map.extra) }),
    })
  }

  btfLoaded(fd: number, btf: Uint8Array): void {
    if (fd >= 0) this.#btf.set(fd, Btf.parse(btf.slice()))
  }

  programLoaded(result: number, load: ProgLoad): void {
    const input = this.#input(load)
    if (result >= 0) this.#programs.set(result, input)
    this.#seen({ input, load, accepted: result >= 0, errno: Math.max(0, -result) })
  }

  get #kernel(): Btf {
    kernelBtf ??= vmlinuxTypes()
    return kernelBtf
  }

  #input(load: ProgLoad): VerifierInput {
    const type = progTypes.name(load.type) ?? `${load.type}`
    const btf = load.btfFd === undefined ? undefined : this.#btf.get(load.btfFd)
    const isOperation = type === "struct_ops"
    return {
      insns: load.insns,
      type,
      ...(isOperation && { structOpsMember: load.expectedAttachType ?? 0 }),
      ...(!isOperation &&
        load.expectedAttachType && { attachType: attachTypes.name(load.expectedAttachType) as AttachType }),
      attachTo: this.#target(load),
      license: load.license,
      flags: load.flags ?? 0,
      maps: this.#usedMaps(load),
      fdArray: load.fdArray,
      btf,
      funcInfo: load.funcInfo && functions(load.funcInfo),
      lineInfo: load.lineInfo && btf && lines(load.lineInfo, btf),
      kernelBtf: this.#kernel,
      cpus: possibleCpus(),
    }
  }

  #target({ attachBtfId, attachBtfFd }: ProgLoad): AttachTarget | undefined {
    if (!attachBtfId) return undefined
    if (!attachBtfFd) return { btf: this.#kernel, type: attachBtfId }
    const program = this.#programs.get(attachBtfFd)
    if (program?.btf === undefined) return undefined
    const { type, attachType, btf, flags = 0 } = program
    const func = btf.type(attachBtfId)
    const global = func.kind === "func" && func.linkage !== "static"
    return { btf, type: attachBtfId, program: { type, attachType, global, sleepable: (flags & 16) !== 0 } }
  }

  /** The maps there are, with the content of those that stay as they are. */
  #usedMaps(load: ProgLoad): ReadonlyMap<number, VerifierMap> {
    const used = new Map<number, VerifierMap>()
    const view = new DataView(load.insns.buffer, load.insns.byteOffset, load.insns.byteLength)
    for (let at = 0; at + 16 <= load.insns.length; at += 8) {
      const fd = view.getInt32(at + 4, true)
      const isMap = load.insns[at] === OP_LDDW && load.insns[at + 1] >> 4 !== 0
      const map = isMap ? (this.#maps.get(fd) ?? describedMap(fd)) : undefined
      if (map !== undefined) used.set(fd, this.#withContent(fd, map))
    }
    return used
  }

  #withContent(fd: number, map: VerifierMap): VerifierMap {
    if (map.type !== "array" || (map.flags & BPF_F_RDONLY_PROG) === 0 || !isFrozen(fd)) return map
    const key = new Uint8Array(4)
    const frozen = new Uint8Array(map.valueSize)
    const raw = sys()
    return mapElement(BPF_MAP_LOOKUP_ELEM, fd, raw.address(key), raw.address(frozen), 0) < 0 ? map : { ...map, frozen }
  }
}

/** A map that somebody else made, by `struct bpf_map_info`: type, id, sizes of key and value, entries, flags, name. */
function describedMap(fd: number): VerifierMap | undefined {
  const info = new Uint8Array(40)
  const view = new DataView(info.buffer)
  if (objInfo(fd, info) < 0) return undefined
  const [type, , keySize, valueSize, maxEntries, flags] = Array.from({ length: 6 }, (_, i) =>
    view.getUint32(4 * i, true),
  )
  const name = new TextDecoder().decode(info.subarray(24)).replace(/\0.*/s, "")
  return { name, type: mapTypes.name(type) ?? "", keySize, valueSize, maxEntries, flags }
}

function isFrozen(fd: number): boolean {
  return /^frozen:\s*1$/m.test(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))
}

/** CPUs that the machine may have: `0-7` are eight. */
function possibleCpus(): number {
  const last = /(\d+)\s*$/.exec(readFileSync("/sys/devices/system/cpu/possible", "latin1"))
  return last === null ? 1 : Number(last[1]) + 1
}

function functions(records: Uint8Array): BtfFuncInfo[] {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
  const found: BtfFuncInfo[] = []
  for (let at = 0; at < records.length; at += 8) {
    found.push({ insn: view.getUint32(at, true), type: view.getUint32(at + 4, true) })
  }
  return found
}

function lines(records: Uint8Array, btf: Btf): BtfLineInfo[] {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
  const found: BtfLineInfo[] = []
  for (let at = 0; at < records.length; at += 16) {
    const place = view.getUint32(at + 12, true)
    found.push({
      insn: view.getUint32(at, true),
      file: btf.string(view.getUint32(at + 4, true)),
      text: btf.string(view.getUint32(at + 8, true)),
      line: place >>> 10,
      column: place & 1023,
    })
  }
  return found
}
