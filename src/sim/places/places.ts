import type { KernelMemory } from "../memory/memory.ts"
import type { KernelObject } from "../memory/object.ts"
import type { KernelSymbols } from "../memory/symbols.ts"
import { type FieldValue, RecordFormat } from "./record.ts"
import { type Word, wordOf } from "./word.ts"

/** Tells a program at which of its places it runs. */
export interface At {
  /** What `bpf_get_attach_cookie` gives. */
  readonly cookie: bigint
  /** Address of the function that is traced; 0 where it is none. */
  readonly functionAddress: bigint
}

/** Runs a program with the context at an offset of linear memory; what it returns, as signed 32 bits. */
export type Trigger = (context: number, at: At) => number

/** A way in which a program sees a place, which tells what its context is. */
export type Form = "registers" | "arguments" | "record"

/** A program at a place. */
export interface Probe {
  readonly form: Form
  readonly trigger: Trigger
  readonly cookie: bigint
  /** Only while this process runs. */
  readonly pid?: number
  /** Its result takes the place of the function's, where it is not 0. */
  readonly decides?: boolean
}

/** Kinds of places, each with names of its own. */
export type PlaceKind = "entry" | "return" | "tracepoint" | "raw" | "userEntry" | "userReturn" | "usdt"

const PARAMETERS = ["di", "si", "dx", "cx", "r8", "r9"] as const
/** Most arguments that a program for typed places sees. */
const MOST_ARGUMENTS = 12

/** Who runs, where it runs: what a place has to know of the task. */
export interface Runner {
  readonly pid: number
  readonly tgid: number
}

/** The places of the simulated kernel where programs run, and those that do. */
export class Places {
  readonly #memory: KernelMemory
  readonly #symbols: KernelSymbols
  readonly #formats: ReadonlyMap<string, string>
  readonly #records = new Map<string, RecordFormat | undefined>()
  readonly #probes: Readonly<Record<PlaceKind, Map<string, Probe[]>>> = {
    entry: new Map(),
    return: new Map(),
    tracepoint: new Map(),
    raw: new Map(),
    userEntry: new Map(),
    userReturn: new Map(),
    usdt: new Map(),
  }
  readonly #regs: KernelObject
  /** Number of arguments, arguments, and the result. */
  readonly #arguments: number
  /** Words that the stack pointer of the registers leads to: the address that the function returns to. */
  readonly #stack: number
  #record = 0
  #room = 0
  /** Runs of programs so far. */
  runs = 0
  /** What the function that is traced is to give, as the program that runs wants it. */
  override: number | undefined
  /** What a program threw: no other runs until it has been told. */
  failure: { readonly error: unknown } | undefined

  constructor(memory: KernelMemory, symbols: KernelSymbols, formats: ReadonlyMap<string, string>) {
    this.#memory = memory
    this.#symbols = symbols
    this.#formats = formats
    this.#regs = memory.new("pt_regs", {}, 64)
    this.#arguments = memory.linear.allocate((MOST_ARGUMENTS + 3) * 8, "arguments")
    this.#stack = memory.linear.allocate(64, "stack of the simulated kernel", { access: "read" })
  }

  /** Runs a program at a place from now on, until the function that it gives is called. */
  add(kind: PlaceKind, name: string, probe: Probe): () => void {
    const places = this.#probes[kind]
    places.set(name, [...(places.get(name) ?? []), probe])
    return () => {
      const left = places.get(name)?.filter(one => one !== probe) ?? []
      if (left.length === 0) places.delete(name)
      else places.set(name, left)
    }
  }

  /** Whether a program waits at a place. */
  has(kind: PlaceKind, name: string): boolean {
    return this.#probes[kind].has(name)
  }

  /** Whether there is such a tracepoint. */
  isTracepoint(name: string): boolean {
    return this.#formats.has(name)
  }

  /** Names of all tracepoints, as `category:event`. */
  get tracepoints(): Iterable<string> {
    return this.#formats.keys()
  }

  /** A function begins: the result that a program wants in place of its own; undefined where none does. */
  enter(name: string, args: readonly Word[], runner: Runner, caller: bigint): number | undefined {
    const probes = this.#probes.entry.get(name)
    return probes && this.#call(probes, this.#symbols.address(name), args, undefined, runner, caller)
  }

  /** A function returns. */
  leave(name: string, args: readonly Word[], result: Word, runner: Runner, caller: bigint): void {
    const probes = this.#probes.return.get(name)
    if (probes !== undefined) this.#call(probes, this.#symbols.address(name), args, { result }, runner, caller)
  }

  /** A function of a program begins or returns, or a static probe of it is come by; `name` is `path:function` or `path:provider:probe`. */
  user(
    kind: "userEntry" | "userReturn" | "usdt",
    name: string,
    address: bigint,
    args: readonly Word[],
    result: Word,
    runner: Runner,
  ): void {
    const probes = this.#probes[kind].get(name)
    if (probes === undefined) return
    this.#call(probes, address, args, kind === "userReturn" ? { result } : undefined, runner, address + 64n)
  }

  /** A counter has gone on by a period. */
  counter(probe: Probe, context: number, runner: Runner): void {
    this.#run(probe, context, 0n, runner)
  }

  /**
   * A tracepoint is come by: `fields` are those of its record, `args` the kernel's own arguments, `name` is `category:event`.
   */
  tracepoint(
    name: string,
    fields: { readonly [field: string]: FieldValue },
    args: readonly Word[],
    runner: Runner,
  ): void {
    const records = this.#probes.tracepoint.get(name)
    if (records !== undefined) {
      const format = this.#format(name)
      if (format !== undefined) {
        format.write(this.#memory.linear, this.#recordAt(format), runner.pid, fields)
        for (const probe of records) this.#run(probe, this.#record, 0n, runner)
      }
    }
    const raw = this.#probes.raw.get(name.slice(name.indexOf(":") + 1))
    if (raw === undefined) return
    this.#setArguments(args)
    for (const probe of raw) this.#run(probe, this.#arguments + 8, 0n, runner)
  }

  /** Whether any program sees a tracepoint. */
  sees(name: string): boolean {
    const { tracepoint, raw } = this.#probes
    return tracepoint.has(name) || (raw.size > 0 && raw.has(name.slice(name.indexOf(":") + 1)))
  }

  #call(
    probes: readonly Probe[],
    address: bigint,
    args: readonly Word[],
    returned: { readonly result: Word } | undefined,
    runner: Runner,
    caller: bigint,
  ): number | undefined {
    let decided: number | undefined
    for (const probe of probes) {
      let context: number
      if (probe.form === "registers") {
        this.setRegisters(address, args, returned, caller)
        context = this.#regs.offset
      } else {
        this.#setArguments(args, returned)
        context = this.#arguments + 8
      }
      this.override = undefined
      const result = this.#run(probe, context, address, runner)
      decided ??= this.override
      if (probe.decides && result !== 0) decided ??= result
    }
    return decided
  }

  /** Makes the registers of a place; where they are. */
  setRegisters(
    address: bigint,
    args: readonly Word[],
    returned: { readonly result: Word } | undefined,
    caller: bigint,
  ): number {
    const { view } = this.#memory.linear
    this.#regs.memory.bytes(this.#regs.offset, 168).fill(0)
    view.setBigUint64(this.#stack, caller, true)
    for (const [i, word] of args.slice(6).entries()) {
      if (i < 6) view.setBigUint64(this.#stack + 8 + i * 8, wordOf(word), true)
    }
    const stack = STACK_BITS | BigInt(this.#stack)
    this.#regs.set({ ip: returned === undefined ? address : caller, sp: stack, bp: stack, cs: 0x10, ss: 0x18 })
    if (returned !== undefined) this.#regs.set({ ax: wordOf(returned.result) })
    else for (const [i, register] of PARAMETERS.entries()) this.#regs.set({ [register]: wordOf(args[i]) })
    return this.#regs.offset
  }

  #setArguments(args: readonly Word[], returned?: { readonly result: Word }): void {
    const { view } = this.#memory.linear
    const all = returned === undefined ? args : [...args, returned.result]
    view.setBigUint64(this.#arguments, BigInt(args.length), true)
    for (let i = 0; i < MOST_ARGUMENTS; i++) view.setBigUint64(this.#arguments + 8 + i * 8, wordOf(all[i]), true)
  }

  #run(probe: Probe, context: number, functionAddress: bigint, runner: Runner): number {
    if (probe.pid !== undefined && probe.pid !== runner.tgid && probe.pid !== runner.pid) return 0
    if (this.failure !== undefined) return 0
    this.runs++
    try {
      return probe.trigger(context, { cookie: probe.cookie, functionAddress })
    } catch (error) {
      // What is under way ends as if there were no program; then the error is thrown.
      this.failure = { error }
      return 0
    }
  }

  #format(name: string): RecordFormat | undefined {
    if (!this.#records.has(name)) {
      const format = this.#formats.get(name)
      this.#records.set(name, format === undefined ? undefined : new RecordFormat(format))
    }
    return this.#records.get(name)
  }

  #recordAt(format: RecordFormat): number {
    if (format.room > this.#room) {
      if (this.#record !== 0) this.#memory.linear.free(this.#record)
      this.#room = Math.max(2048, format.room)
      this.#record = this.#memory.linear.allocate(this.#room, "record of a tracepoint")
    }
    return this.#record
  }
}

/** High word of the kernel's own addresses. */
const STACK_BITS = 0xffff8880n << 32n
