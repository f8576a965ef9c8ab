import { disposeAll, type SkepError, undoAll } from "../base/index.ts"
import {
  type Link,
  type Loaded,
  type LoadedMap,
  type LoadedProgram,
  type LoadOptions,
  noMap,
  noProgram,
  noType,
  otherType,
  type ProgramOptions,
} from "../machine/index.ts"
import {
  type BpfObject,
  kconfigData,
  type LoadableBtf,
  loadableBtf,
  type ProgramSpec,
  type ProgramType,
  relocateCore,
} from "../object/index.ts"
import { keepLink } from "./attach/attach.ts"
import { attachTable, notOperations } from "./attach/structOps.ts"
import { runningConfig } from "./config.ts"
import { createMaps, type MapSet } from "./createMaps.ts"
import { KernelTypes } from "./kernelTypes.ts"
import { loadProgram } from "./loadProgram.ts"
import { loadTypes } from "./loadTypes.ts"
import type { KernelOptions } from "./options.ts"
import { removePin } from "./pin.ts"
import type { KernelProgram, ProgramOwner } from "./program.ts"
import { closeFd, errnoText } from "./raw/index.ts"
import { planStructOps, type StructOps } from "./structOps.ts"

/** An object in the kernel. */
export class KernelLoaded implements Loaded, ProgramOwner {
  readonly object: BpfObject
  readonly options: KernelOptions
  readonly links = new Set<Link>()
  readonly notes: string[] = []
  readonly #load: LoadOptions
  readonly #types: KernelTypes
  /** The object for this kernel. */
  readonly #fitted: BpfObject
  readonly #structOps: StructOps
  readonly #maps: MapSet = { all: new Map(), own: [], pins: [] }
  readonly #programs = new Map<string, KernelProgram>()
  /** Programs that were loaded once more for another attach type, by name and type. */
  readonly #variants = new Map<string, KernelProgram>()
  #btf: LoadableBtf | undefined
  #btfFd: number | undefined
  #btfTried = false

  constructor(object: BpfObject, load: LoadOptions, options: KernelOptions) {
    this.object = object
    this.options = options
    this.#load = load
    this.#types = new KernelTypes(options.kernelBtf)
    try {
      this.#fitted = fit(object, this.#types, load)
      this.#structOps = planStructOps(object, () => this.#types)
      createMaps(this.#fitted, this.#maps, load.maps, () => this.#loadBtf(), this.#structOps.plans)
      for (const { name, dataRelocations: { length } = [] } of object.maps) {
        if (length > 0)
          this.notes.push(`${length} addresses in ${name} mean nothing to the program: no kernel fills them in`)
      }
      if (!load.lazy) {
        for (const spec of object.programs) {
          if (this.#isLoadedAtOnce(spec)) this.program(spec.name)
        }
      }
    } catch (error) {
      this.abandon()
      throw error
    }
  }

  abandon(): void {
    const pins = this.#maps.pins.splice(0).map(path => () => void removePin(path))
    undoAll([...pins, () => this[Symbol.dispose]()])
  }

  get maps(): ReadonlyMap<string, LoadedMap> {
    return this.#maps.all
  }

  get programs(): ReadonlyMap<string, LoadedProgram> {
    return this.#programs
  }

  map(name: string): LoadedMap {
    const map = this.#maps.all.get(name)
    if (map === undefined) throw noMap(name, this.#maps.all.keys())
    return map
  }

  program(name: string, options: ProgramOptions = {}): LoadedProgram {
    const spec = this.#fitted.programs.find(p => p.name === name)
    if (spec === undefined) throw this.#noProgram(name)
    const loaded = this.#programs.get(name)
    if (loaded !== undefined) {
      if (options.type !== undefined && options.type !== loaded.type) throw otherType(name, loaded.type, options.type)
      return loaded
    }
    const type = options.type ?? spec.type
    if (type === undefined) throw noType(name)
    const { attachType = spec.attachType, attach = spec.attach } = options
    const program = this.#loadProgram({ ...spec, attachType, attach }, type, options)
    this.#programs.set(name, program)
    this.#fillProgramArrays(program)
    return program
  }

  variant(program: KernelProgram, attachType: string): KernelProgram {
    const key = `${program.name} ${attachType}`
    let variant = program.spec.attachType === attachType ? program : this.#variants.get(key)
    if (variant === undefined) {
      variant = this.#loadProgram({ ...program.spec, attachType }, program.type, {})
      this.#variants.set(key, variant)
    }
    return variant
  }

  attachOperations(name: string): Link {
    const map = this.map(name)
    const plan = this.#structOps.plans.get(name)
    if (plan === undefined) throw notOperations(map)
    const programs = plan.programs.map(({ program }) => this.program(program))
    const target = { kind: "struct_ops", map: name } as const
    const attached = attachTable(map, plan, programs)
    return keepLink(programs[0], target, `struct_ops ${name}`, attached, this)
  }

  /** What replaces a function waits for the program that has it, and an operation is nothing without its table. */
  #isLoadedAtOnce({ name, type, autoload }: ProgramSpec): boolean {
    if (type === undefined || type === "ext" || autoload === false) return false
    return type !== "struct_ops" || this.#structOps.operations.has(name)
  }

  #noProgram(name: string): SkepError {
    return noProgram(
      name,
      this.object.programs.map(p => p.name),
    )
  }

  #loadProgram(spec: ProgramSpec, type: ProgramType, options: ProgramOptions): KernelProgram {
    const btfFd = this.#loadBtf()
    return loadProgram({
      spec,
      type,
      attach: options.attach ?? spec.attach,
      replaces: options.replaces,
      object: this.#fitted,
      maps: this.#maps.all,
      types: this.#types,
      operations: this.#structOps.operations,
      btf: btfFd === undefined || this.#btf === undefined ? undefined : { fd: btfFd, loadable: this.#btf },
      logLevel: this.#load.verifierLog ?? 0,
      owner: this,
    })
  }

  /** Puts a program where arrays of programs have it from the start. */
  #fillProgramArrays(program: KernelProgram): void {
    for (const { name, values } of this.object.maps) {
      for (const entry of values ?? []) {
        if (entry.program !== program.name) continue
        const bytes = new Uint8Array(Uint32Array.of(entry.index, program.fd).buffer)
        this.#maps.all.get(name)?.update(bytes.subarray(0, 4), bytes.subarray(4))
      }
    }
  }

  /** The object's type information in the kernel; undefined when it has none or the kernel does not take it. */
  #loadBtf(): number | undefined {
    if (this.#btfTried) return this.#btfFd
    this.#btfTried = true
    this.#btf = loadableBtf(this.#fitted)
    if (this.#btf === undefined) return undefined
    const fd = loadTypes(this.#btf.bytes)
    if (fd >= 0) this.#btfFd = fd
    else this.notes.push(`the kernel did not take the program's type information: ${errnoText(-fd)}`)
    return this.#btfFd
  }

  [Symbol.dispose](): void {
    // What is pinned stays in force.
    try {
      const links = [...this.links].reverse()
      disposeAll([...links, ...this.#programs.values(), ...this.#variants.values(), ...this.#maps.own])
    } finally {
      if (this.#btfFd !== undefined) closeFd(this.#btfFd)
      this.#btfFd = undefined
      this.#types[Symbol.dispose]()
    }
  }
}

/** The object with all filled in that depends on the running kernel's types and configuration. */
function fit(object: BpfObject, types: KernelTypes, { types: other, config }: LoadOptions): BpfObject {
  const usesTypes = [...object.programs, ...object.functions].some(fn => fn.core.length > 0)
  const fitted = usesTypes ? relocateCore(object, other === undefined ? types.target : { btf: other }) : object
  if (!object.maps.some(map => map.kconfig !== undefined)) return fitted
  const running = runningConfig(config)
  const maps = object.maps.map(map =>
    map.kconfig === undefined ? map : { ...map, data: kconfigData(map, object.btf, running) },
  )
  return { ...fitted, maps }
}
