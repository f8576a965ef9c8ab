import * as o from "../../isa/index.ts"
import { CODE, HIGH_WORD } from "../address.ts"
import type { CodeImage } from "../code.ts"
import type { VmMap } from "../maps/map.ts"
import { foldAddresses } from "./addresses.ts"
import { CONTEXT, LOOP, MAP_LOOKUP, MAP_UPDATE, mapPart, shapeOfCall, sizeRegister, wordsOfCall } from "./calls.ts"
import { type Events, eventsOf, readEvent } from "./events.ts"
import type { FlowGraph } from "./flow.ts"
import { type CallReach, frameOf } from "./frame.ts"
import { type CodeRange, calledFunction, codeOf, type FlatCode } from "./functions.ts"
import { halvesOf } from "./halves.ts"
import { knownValues, type UpperFacts } from "./known.ts"
import { liveAtStart } from "./liveness.ts"
import { localsOf, writeLocals } from "./locals.ts"
import { isArray } from "./mapCalls.ts"
import { type MapFunction, MapFunctions, mapFunction } from "./maps/index.ts"
import { type Prepared, prepareFunctions } from "./prepare.ts"
import { Reused } from "./reused.ts"
import { FunctionTranslator, type Position } from "./translateFunction.ts"
import { type Analysis, Kind, valuesOf, type Words } from "./values.ts"
import { Bytes } from "./wasm/bytes.ts"
import { ModuleWriter } from "./wasm/module.ts"
import { I32, I64, Op } from "./wasm/opcodes.ts"
import { hasSimd } from "./wasm/simd.ts"
import { type Webs, websOf } from "./webs.ts"

export interface TranslateOptions {
  /** What the image says of itself without it. */
  readonly verified?: boolean
  /** Note where instructions begin. */
  readonly records?: boolean
  /** Use vector instructions; what the platform takes without it. */
  readonly vectors?: boolean
}

/** A function in JavaScript that a module imports, and how many of r1 to r5 it takes. */
export type Import = { readonly name: string; readonly count: number } & (
  | { readonly kind: "packet" | "refill" }
  | { readonly kind: "helper" | "kfunc"; readonly number: number }
)

/** A program as a module of WebAssembly. */
export interface Translated {
  readonly bytes: Uint8Array
  /** What has to be imported, besides `memory`: all under the name `m`. */
  readonly imports: readonly Import[]
  /** Functions that can be called from outside, by slot: the export's name, and how many of r1 to r5 it takes. */
  readonly entries: ReadonlyMap<number, { readonly name: string; readonly count: number }>
  /** By function, when it was asked for: where instructions begin in the module. */
  readonly positions: readonly (readonly Position[])[]
}

/**
 * Translates a program and its subprograms to one module of WebAssembly. Every function takes the end of its frame and r1
 * to r5 as far as it reads them, as 64-bit numbers, and gives r0.
 * @throws SkepError VM_BAD_CODE for what no verifier accepts, RangeError for a function that is too large
 */
export function translate(image: CodeImage, options: TranslateOptions = {}): Translated {
  return new Program(image, options).translate()
}

/** One program on its way to a module: what its functions ask about each other. */
export class Program {
  readonly code: FlatCode
  readonly verified: boolean
  readonly records: boolean
  readonly vectors: boolean
  readonly #image: CodeImage
  readonly #module = new ModuleWriter()
  readonly #functions: readonly Prepared[]
  readonly #imports: Import[] = []
  readonly #positions: (readonly Position[])[] = []
  readonly #importIndex = new Map<string, number>()
  readonly #mapFunctions: MapFunctions
  /** By instruction: the array that a lookup is made in whose key may be a slot. Such a lookup reads no register. */
  readonly #mapOfSlot = new Map<number, number>()

  constructor(image: CodeImage, options: TranslateOptions) {
    const { verified = image.verified ?? false, records = false, vectors = hasSimd() } = options
    this.#image = image
    this.verified = verified
    this.records = records
    this.vectors = vectors
    this.code = codeOf(image.insns, image.entries)
    this.#functions = prepareFunctions(this.code)
    this.#findImports()
    this.#mapFunctions = new MapFunctions(this.#imports.length + this.#functions.length)
  }

  translate(): Translated {
    const entries = new Map<number, { name: string; count: number }>()
    bodies.length = 0
    for (const f of this.#functions) {
      const body = this.#function(f)
      this.#module.add(this.#module.type(FUNCTION_TYPES[f.parameters], RESULT), body)
    }
    for (const { parameters, body } of this.#mapFunctions.bodies(this.#importIndex.get("refill") ?? -1)) {
      this.#module.add(this.#module.type(parameters, WORDS[1]), body)
    }
    const before = this.#imports.length + this.#functions.length + this.#mapFunctions.count
    for (const f of this.#entries()) {
      const slot = this.code.slots[this.code.functions[f].first]
      const { parameters } = this.#functions[f]
      const name = `f${slot}`
      this.#module.export(name, before + entries.size)
      entries.set(slot, { name, count: parameters })
      this.#module.add(this.#module.type(WORDS[1 + 2 * parameters], WORDS[1]), this.#entry(f, parameters))
    }
    const bytes = this.#module.finish()
    const positions = this.#positions.map((list, f) => {
      return list.map(({ offset, slot }) => ({ offset: this.#module.bodyOffsets[f] + offset, slot }))
    })
    return { bytes, imports: this.#imports, entries, positions }
  }

  /** The program itself, and the functions whose addresses are taken, or that the machine calls. */
  #entries(): ReadonlySet<number> {
    const { functionAt, indexAt } = this.code
    const found = new Set([0, ...(this.#image.entries ?? []).map(slot => functionAt.get(indexAt[slot])!)])
    for (const i of this.code.calls) if (this.code.op[i] === o.OP_LDDW) found.add(calledFunction(this.code, i))
    return found
  }

  #import(one: Import, params: readonly number[], results: readonly number[]): number {
    const index = this.#module.importFunction("m", one.name, this.#module.type(params, results))
    if (!this.#importIndex.has(one.name)) {
      this.#importIndex.set(one.name, index)
      this.#imports.push(one)
    }
    return index
  }

  /** All imports are known before the first function is written, as their numbers come before those of functions. */
  #findImports(): void {
    for (let i = 0; i < this.code.insns.length; i++) {
      const op = this.code.op[i]
      const src = this.code.src[i]
      const imm = this.code.imm[i]
      if (op === o.OP_CALL && src !== o.BPF_PSEUDO_CALL) {
        const { count } = shapeOfCall(this.code, i, this.parameters)
        const kind = src === o.BPF_HELPER_CALL ? "helper" : "kfunc"
        this.#import({ kind, name: this.#helperName(i), count, number: imm }, WORDS[wordsOfCall(count)], WORDS[1])
        if (kind === "helper" && imm === MAP_UPDATE)
          this.#import({ kind: "refill", name: "refill", count: 1 }, WORDS[wordsOfCall(count)], WORDS[1])
      } else if ((op & o.BPF_CLASS_MASK) === o.BPF_LD && op !== o.OP_LDDW) {
        this.#import({ kind: "packet", name: "packet", count: 0 }, WORDS[2], WORDS[1])
      }
    }
  }

  #helperName(i: number): string {
    const { src, imm } = this.code.insns[i]
    return `${src === o.BPF_HELPER_CALL ? "h" : "k"}${imm}`
  }

  /** Number of an import by its name. */
  importIndex(name: "packet"): number {
    return this.#importIndex.get(name)!
  }

  /** Number of what the call of a helper or a kernel function at an instruction calls. */
  helperIndex(i: number): number {
    return this.#importIndex.get(this.#helperName(i))!
  }

  functionIndex(f: number): number {
    return this.#imports.length + f
  }

  /** The array that an instruction looks an index up in, where that is known. */
  arrayLookedUp(a: Analysis, i: number): VmMap | undefined {
    if (this.#helper(i) !== MAP_LOOKUP) return undefined
    const map = this.#mapOf(a, i)
    return map !== undefined && isArray(map) ? map : undefined
  }

  /** The function that stands for the helper that an instruction calls. */
  mapFunction(a: Analysis, i: number): MapFunction | undefined {
    const helper = this.#helper(i)
    if (helper < 0 || mapPart(helper, o.R2) === undefined) return undefined
    const map = this.#mapOf(a, i)
    return map === undefined ? undefined : mapFunction(helper, map, this.verified)
  }

  /** The number of such a function. */
  mapFunctionIndex(wanted: MapFunction): number {
    return this.#mapFunctions.index(wanted)
  }

  /** The helper that an instruction calls; −1 for none. */
  #helper(i: number): number {
    const { op, src, imm } = this.code.insns[i]
    return op === o.OP_CALL && src === o.BPF_HELPER_CALL ? imm : -1
  }

  /** The map whose address is in r1 at a call. */
  #mapOf(a: Analysis, i: number): VmMap | undefined {
    const index = a.slotOf[i - a.range.first] !== 0 ? this.#mapOfSlot.get(i) : constantRead(a, i, o.R1)?.low
    return index === undefined ? undefined : this.#image.mapAt?.(index)
  }

  /** The function that a call of `bpf_loop` without flags calls, where it is known. */
  loopedFunction(a: Analysis, i: number): number | undefined {
    const { op, src, imm } = this.code.insns[i]
    if (op !== o.OP_CALL || src !== o.BPF_HELPER_CALL || imm !== LOOP) return undefined
    const [called, flags] = [constantRead(a, i, o.R2), constantRead(a, i, o.R4)]
    if (called === undefined || called.high !== CODE || flags?.low !== 0 || flags.high !== 0) return undefined
    return this.code.functionAt.get(this.code.indexAt[called.low])
  }

  readonly #callReach: CallReach = {
    readsKey: (a, i) => {
      const map = this.arrayLookedUp(a, i)
      if (map === undefined) return false
      this.#mapOfSlot.set(i, map.address)
      return true
    },
    bytes: (a, i, register) => {
      const { src, imm } = this.code.insns[i]
      if (src !== o.BPF_HELPER_CALL) return undefined
      const size = sizeRegister(imm, register)
      if (size !== undefined) return constantRead(a, i, size)?.low
      const part = mapPart(imm, register)
      return part === undefined ? undefined : this.#mapOf(a, i)?.[part]
    },
  }

  /** How many of r1 to r5 a function takes. */
  readonly parameters = (f: number): number => this.#functions[f].parameters

  /** Whether a load goes through a typed pointer of the kernel, and gives 0 where the address is bad. */
  isProbe(i: number): boolean {
    return this.#image.probes[this.code.slots[i]] === 1
  }

  /** What a 64-bit immediate load puts into its register. */
  readonly constantOf = (i: number): Words => {
    const insn = this.code.insns[i]
    if (insn.src !== o.BPF_PSEUDO_FUNC) return { low: insn.imm, high: insn.imm64 ?? 0 }
    return { low: this.code.slots[this.code.functions[calledFunction(this.code, i)].first], high: CODE }
  }

  #function({ range, graph, events, live, parameters }: Prepared): Uint8Array {
    const { code } = this
    const types = FUNCTION_TYPES[parameters]
    const webs = websOf(graph, events, live, range.first, parameters)
    let a = this.#analysis(range, graph, events, webs, noSlots.filled(range.end - range.first, 0))
    const frame = frameOf(a, this.#callReach)
    if (frame.slots > 0) {
      const again = eventsOf(code, range, i => shapeOfCall(code, i, this.parameters).count, frame.slotOf)
      const liveAgain = liveAtStart(graph, again, range.first)
      const websAgain = websOf(graph, again, liveAgain, range.first, parameters)
      a = this.#analysis(range, graph, again, websAgain, frame.slotOf)
    }
    const facts = this.#upperFacts(range.first === 0)
    const known = knownValues(a, facts)
    foldAddresses(a, known, facts)
    const halves = halvesOf(a, facts, known)
    const locals = localsOf(a, halves, types)
    const writer = new FunctionTranslator(this, a, halves, locals, frame.size)
    writer.write(types)
    if (locals.types.length > MAX_LOCALS) throw tooLarge(code.slots[range.first])
    const start = bodies.length
    writeLocals(bodies, locals)
    const before = bodies.length - start
    bodies.bytes(writer.out.view)
    if (writer.positions !== undefined) {
      this.#positions.push(writer.positions.map(({ offset, slot }) => ({ offset: before + offset, slot })))
    }
    return bodies.from(start)
  }

  #analysis(range: CodeRange, graph: FlowGraph, events: Events, webs: Webs, slotOf: Uint8Array): Analysis {
    const { code } = this
    const values = valuesOf({ code, range, graph, events, webs, slotOf }, this.constantOf)
    return { code, range, graph, events, webs, slotOf, values }
  }

  #upperFacts(isProgram: boolean): UpperFacts {
    const { verified, code, parameters } = this
    return {
      verified,
      exitIsLow: false,
      isProbe: i => this.isProbe(i),
      parameter: r => (isProgram && verified && r === o.R1 ? CONTEXT : 0),
      result: i => shapeOfCall(code, i, parameters).result,
      argumentIsLow: (i, r) => ((shapeOfCall(code, i, parameters).low >> r) & 1) === 1,
    }
  }

  /** `(frame, r1 low, r1 high, …) → r0 low`, with the high word in memory: what JavaScript calls, which has no 64-bit numbers. */
  #entry(f: number, parameters: number): Uint8Array {
    const out = bodies
    const start = out.length
    const get = (local: number): void => {
      out.byte(Op.localGet)
      out.u32(local)
    }
    const shift = (code: number): void => {
      out.byte(Op.i64Const)
      out.s64(32, 0)
      out.byte(code)
    }
    out.bytes([1, 1, I64])
    const result = 1 + 2 * parameters
    out.bytes([Op.i32Const, 0])
    get(0)
    for (let r = 0; r < parameters; r++) {
      get(1 + 2 * r)
      out.byte(Op.i64ExtendI32U)
      get(2 + 2 * r)
      out.byte(Op.i64ExtendI32U)
      shift(Op.i64Shl)
      out.byte(Op.i64Or)
    }
    out.byte(Op.call)
    out.u32(this.functionIndex(f))
    out.byte(Op.localTee)
    out.u32(result)
    shift(Op.i64ShrU)
    out.bytes([Op.i32WrapI64, Op.i32Store, 2])
    out.u32(HIGH_WORD)
    get(result)
    out.bytes([Op.i32WrapI64, Op.end])
    return out.from(start)
  }
}

/** The constant that a call gets in a register. */
function constantRead({ webs, values, events, range }: Analysis, i: number, register: number): Words | undefined {
  const event = readEvent(events, i - range.first, register)
  const web = event < 0 ? -1 : webs.ofEvent[event]
  return web >= 0 && values.kind[web] === Kind.constant ? { low: values.low[web], high: values.high[web] } : undefined
}

/** So many 32-bit words, as types. */
const WORDS = Array.from({ length: 12 }, (_, count) => Array<number>(count).fill(I32))
/** By number of parameters: the types of those of a function. */
const FUNCTION_TYPES = Array.from({ length: 6 }, (_, count) => [I32, ...Array<number>(count).fill(I64)])
const RESULT = [I64]

/** The functions of a program, one behind the other. */
const bodies = new Bytes(16384)
const noSlots = new Reused(Uint8Array)

/** V8 takes 50,000. */
const MAX_LOCALS = 49_000

const tooLarge = (slot: number): RangeError =>
  new RangeError(`the function at instruction ${slot} has more values than WebAssembly takes`)
