import { CODE, LEAVES_WORD } from "../address.ts"
import type { Code, CodeImage, Helper } from "../code.ts"
import { badCallback, Fault, noHelper } from "../fault.ts"
import { interpret } from "../interpreter/interpreter.ts"
import { HashMap } from "../maps/hash.ts"
import type { Memory } from "../memory.ts"
import type { Run } from "../run.ts"
import { wordsOfCall } from "./calls.ts"
import { type Import, type Translated, type TranslateOptions, translate } from "./program.ts"
import { faultOfTrap, slotOf } from "./trap.ts"
import { type WasmInstance, type WasmModule, wasmPlatform } from "./wasm/host.ts"

/** A function of a module: the frame, and r1 to r5 as pairs of words as far as it takes them. */
type Entry = (frame: number, ...words: number[]) => number

/**
 * Translates an image to WebAssembly, to be called where {@link canCompile} is true.
 * @throws SkepError VM_BAD_CODE
 */
export function compile(image: CodeImage, options: TranslateOptions = {}): Code {
  const translated = translate(image, options)
  return new Compiled(image, options, translated, new (wasmPlatform()!.Module)(translated.bytes))
}

/** Translates to WebAssembly, or for the interpreter where the platform does not take the module (it is too large, say). */
export function compileOrInterpret(image: CodeImage): Code {
  try {
    return compile(image)
  } catch (error) {
    if (error instanceof RangeError || (error as Error).name === "CompileError") return interpret(image)
    throw error
  }
}

/** Like {@link compile}; browsers compile modules of more than 4 KB in their main thread in this way only. */
export async function compileAsync(image: CodeImage, options: TranslateOptions = {}): Promise<Code> {
  const translated = translate(image, options)
  return new Compiled(image, options, translated, await wasmPlatform()!.compile(translated.bytes))
}

/** Whether the platform has WebAssembly: hardened browsers and some embedded engines switch it off. */
export const canCompile = (): boolean => wasmPlatform() !== undefined

/** A program as WebAssembly. It is instantiated in the memory of the first run, and again when another machine runs it. */
class Compiled implements Code {
  readonly #image: CodeImage
  readonly #options: TranslateOptions
  readonly #translated: Translated
  readonly #module: WasmModule
  #memory: Memory | undefined
  readonly #entries = new Map<number, Entry>()
  #run!: Run

  constructor(image: CodeImage, options: TranslateOptions, translated: Translated, module: WasmModule) {
    this.#image = image
    this.#options = options
    this.#translated = translated
    this.#module = module
  }

  invoke(
    run: Run,
    slot: number,
    frame: number,
    a1: number,
    a1High: number,
    a2: number,
    a2High: number,
    a3: number,
    a3High: number,
    a4: number,
    a4High: number,
    a5: number,
    a5High: number,
  ): number {
    if (run.memory !== this.#memory) this.#instantiate(run.memory)
    const before = this.#run
    this.#run = run
    try {
      const entry = this.#entries.get(slot)
      if (entry === undefined) throw badCallback(slot, CODE)
      // Words that the function does not take are dropped.
      return entry(frame, a1, a1High, a2, a2High, a3, a3High, a4, a4High, a5, a5High)
    } catch (error) {
      throw this.#explain(error)
    } finally {
      this.#run = before
    }
  }

  #instantiate(memory: Memory): void {
    const m: Record<string, unknown> = { memory: memory.linear }
    for (const one of this.#translated.imports) m[one.name] = this.#import(one)
    const { Instance } = wasmPlatform()!
    const { exports }: WasmInstance = new Instance(this.#module, { m })
    this.#memory = memory
    this.#entries.clear()
    for (const [slot, { name }] of this.#translated.entries) this.#entries.set(slot, exports[name] as Entry)
  }

  #import(one: Import): (...words: number[]) => number {
    switch (one.kind) {
      case "refill":
        return map => {
          const found = this.#run.core.mapAt(map)
          if (found instanceof HashMap) found.refill()
          return 0
        }
      case "packet":
        return (offset, size) => this.#loadPacket(offset, size)
      case "kfunc":
        return this.#helper(this.#image.kfuncs[one.number], one.count)
      case "helper": {
        const helper = this.#image.helper(one.number)
        if (helper !== undefined) return this.#helper(helper, one.count)
        return () => {
          throw noHelper(one.number)
        }
      }
    }
  }

  /** Calls a helper with the words that compiled code gives: functions of fixed length are the quickest to call. */
  #helper(helper: Helper, count: number): (...words: number[]) => number {
    if (wordsOfCall(count) === 4) return (a, b, c, d) => helper(this.#run, a, b, c, d, 0, 0, 0, 0, 0, 0)
    return (a, b, c, d, e, f, g, h, i, j) => this.#leaving(helper(this.#run, a, b, c, d, e, f, g, h, i, j))
  }

  /** Hands on that a tail call went through. */
  #leaving(low: number): number {
    const { leaves, memory } = this.#run
    if (leaves) {
      this.#run.leaves = false
      memory.i32[LEAVES_WORD >> 2] = 1
    }
    return low
  }

  #loadPacket(offset: number, size: number): number {
    const value = this.#run.loadPacket(offset, size)
    if (value >= 0) return value
    this.#run.memory.i32[LEAVES_WORD >> 2] = 1
    return 0
  }

  /** What WebAssembly itself throws, as faults. */
  #explain(error: unknown): unknown {
    const fault = error instanceof Fault ? error : faultOfTrap(error, this.#run)
    if (fault !== undefined && fault.place === undefined) {
      fault.happened(this.#image, slotOf(error, this.#image, this.#options))
    }
    return fault ?? error
  }
}
