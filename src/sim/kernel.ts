import type { MachineSymbols } from "../machine/index.ts"
import type { KernelSnapshot } from "../snapshot/index.ts"
import type { Alarm, Environment, Memory, Random } from "../vm/index.ts"
import { Network, seededRandom } from "../vm/index.ts"
import type { Cpu } from "./cpu/cpu.ts"
import { Layouts } from "./memory/layout.ts"
import { KernelMemory } from "./memory/memory.ts"
import { KernelSymbols } from "./memory/symbols.ts"
import { CALLED } from "./places/called.ts"
import { Places } from "./places/places.ts"
import type { FieldValue } from "./places/record.ts"
import { type Word, wordOf } from "./places/word.ts"
import type { Task } from "./tasks/task.ts"
import { EventQueue } from "./time/queue.ts"
import { isSteps, type Steps } from "./time/steps.ts"

/** What the simulated computer is like. */
export interface KernelOptions {
  /** Processors; 2 without it. */
  readonly cpus?: number
  /** Where its random numbers begin; the same run for the same seed. */
  readonly seed?: number
  /** Number of the first process of a workload; 1200 without it. */
  readonly firstProcess?: number
}

/** Nanoseconds since boot when a simulation begins: a computer that runs for some minutes. */
const START = 300_000_000_000
/** Nanoseconds for which the memory of what has gone can still be read, as after a grace period of RCU. */
const GRACE = 20_000_000
/** 2026-01-01 in nanoseconds since 1970. */
const BOOT = 1_767_225_600_000_000_000n

/**
 * The heart of the simulated kernel: its time, its random numbers, its memory, and calls of its functions, at which programs run. What functions do is in
 * the folders beside this file.
 */
export class Kernel implements Environment {
  readonly memory: KernelMemory
  /** Its functions and variables. */
  readonly names: KernelSymbols
  readonly places: Places
  readonly snapshot: KernelSnapshot
  readonly random: Random
  readonly bootTime = BOOT
  /** What programs on packets ask of: loopback alone. */
  readonly network = new Network()
  readonly config: string
  /** What iterators visit: said by who has the tasks. */
  visits: NonNullable<Environment["visits"]> = () => []
  readonly processors: Cpu[] = []
  readonly queue = new EventQueue()
  /** Until when time goes on. */
  end = START
  readonly #cpus: number
  #now = START
  #cpu = 0

  constructor(memory: Memory, snapshot: KernelSnapshot, { cpus = 2, seed = 1 }: KernelOptions = {}) {
    this.snapshot = snapshot
    this.#cpus = cpus
    this.random = seededRandom(seed)
    this.memory = new KernelMemory(memory, new Layouts(snapshot.btf))
    this.names = new KernelSymbols(snapshot.btf, CALLED)
    this.places = new Places(this.memory, this.names, snapshot.formats)
    this.config = [...snapshot.config].map(([name, value]) => `${name}=${value === "1" ? "y" : value}`).join("\n")
  }

  // What programs ask of the world.

  get cpus(): number {
    return this.#cpus
  }
  cpu(): number {
    return this.#cpu
  }
  now(): number {
    return this.#now
  }
  at(time: number, ring: () => void): Alarm {
    const cpu = this.#cpu
    const event = this.queue.put(Math.max(time, this.#now), () => this.on(cpu, ring))
    return { cancel: () => void (event.cancelled = true) }
  }
  task(): { pid: number; tgid: number; uid: number; gid: number; comm: string; cgroupId: bigint; address: number } {
    const { pid, tgid, uid, gid, comm, group, object } = this.current
    return { pid, tgid, uid, gid, comm, cgroupId: group.id, address: object.offset }
  }
  stack(kind: "kernel" | "user"): readonly bigint[] {
    const { frames, userFrames } = this.current
    if (kind === "user") return userFrames.map(name => userAddress(name) + USER_RETURN).reverse()
    return frames.map(name => this.names.address(name) + RETURN).reverse()
  }
  symbol(name: string): bigint | undefined {
    return this.names.find(name)
  }
  symbolAt(address: bigint): string | undefined {
    const found = this.names.at(address)
    return found && `${found.name}+0x${found.offset.toString(16)}`
  }
  override(result: bigint): void {
    this.places.override = Number(result)
  }
  get symbols(): MachineSymbols {
    const { names, places } = this
    return {
      functions: names.functions,
      tracepoints: places.tracepoints,
      address: name => names.find(name),
      locate: address => names.at(address) ?? userFunctionAt(address),
    }
  }

  // Time.

  /** The task that runs on the processor where things happen now. */
  get current(): Task {
    return this.processors[this.#cpu].current
  }

  /** Does something on a processor. */
  on<T>(cpu: number, act: () => T): T {
    const before = this.#cpu
    this.#cpu = cpu
    try {
      return act()
    } finally {
      this.#cpu = before
    }
  }

  /** Moves to a processor for good. */
  moveTo(cpu: number): void {
    this.#cpu = cpu
  }

  /** Lets time go by; events that were to happen meanwhile are late. */
  pass(nanoseconds: number): void {
    this.#now += Math.round(nanoseconds)
  }

  /** Goes on to a time. */
  reach(time: number): void {
    this.#now = Math.max(this.#now, time)
  }

  /** Something happens after some nanoseconds. */
  after(nanoseconds: number, happen: () => void): void {
    this.queue.put(this.#now + Math.round(nanoseconds), happen)
  }

  /** Gives memory back, but not so soon that a program could still be about to read it. */
  release(...objects: readonly { readonly offset: number }[]): void {
    this.after(GRACE, () => {
      for (const { offset } of objects) this.memory.linear.free(offset)
    })
  }

  /** A whole number from `least` on, below `most`. */
  between(least: number, most: number): number {
    return least + (most <= least ? 0 : this.random() % (most - least))
  }

  /** Whether something happens that happens in so many of 100 cases. */
  chance(percent: number): boolean {
    return this.random() % 100 < percent
  }

  // Calls.

  /**
   * A function of the kernel is called: programs at its entry and its return run, and what it does runs in between. The result is the body's, or what a
   * program forces upon it.
   */
  *call<T>(name: string, args: readonly Word[], body?: () => Steps<T> | T, time = this.between(120, 400)): Steps<T> {
    const { frames } = this.current
    const caller = this.caller()
    frames.push(name)
    const forced = this.places.enter(name, args, this.current, caller)
    if (time > 0) yield time
    let result: T
    if (forced !== undefined) result = forced as T
    else {
      const made = body?.()
      result = isSteps(made) ? yield* made as Steps<T> : (made as T)
    }
    this.places.leave(name, args, result as Word, this.current, caller)
    frames.pop()
    return result
  }

  /** Functions of which each calls the next one, with the same arguments; the innermost does what the body does. */
  *nested<T>(names: readonly string[], args: readonly Word[], body: () => Steps<T> | T): Steps<T> {
    const [name, ...inner] = names
    if (name !== undefined) return yield* this.call(name, args, () => this.nested(inner, args, body))
    const made = body()
    return isSteps(made) ? yield* made as Steps<T> : made
  }

  /** As {@link call}, for a function that takes no time. */
  callNow<T>(name: string, args: readonly Word[], body?: () => T): T {
    const { frames } = this.current
    const caller = this.caller()
    frames.push(name)
    const forced = this.places.enter(name, args, this.current, caller)
    const result = forced === undefined ? body?.() : forced
    this.places.leave(name, args, result as Word, this.current, caller)
    frames.pop()
    return result as T
  }

  /** A tracepoint is come by: fields of its record, and the kernel's own arguments. Neither is made where no program looks. */
  tracepoint(
    name: string,
    fields: () => { readonly [field: string]: FieldValue },
    args: () => readonly Word[] = () => [],
  ): void {
    if (this.places.sees(name)) this.places.tracepoint(name, fields(), args(), this.current)
  }

  /** Code that does not sleep runs now: time goes by while it does. */
  runNow<T>(steps: Steps<T>): T {
    for (;;) {
      const { done, value } = steps.next()
      if (done) return value
      if (typeof value === "number") this.pass(value)
      else if (!isSteps(value)) throw new Error("simulated code that must not sleep sleeps")
      else this.runNow(value)
    }
  }

  /** An interrupt: what it does runs on top of the task that runs on that processor. */
  interrupt(cpu: number, frames: readonly string[], body: () => Steps<void>): void {
    this.on(cpu, () => {
      const { current } = this
      current.frames.push(...frames)
      this.runNow(body())
      current.frames.length -= frames.length
    })
  }

  /** Address that the function that is called now returns to. */
  caller(): bigint {
    const caller = this.current.frames.at(-1)
    return caller === undefined ? 0n : this.names.address(caller) + RETURN
  }

  /** What a register holds of a value. */
  word(word: Word): bigint {
    return wordOf(word)
  }
}

/** Bytes from the beginning of a function to where it goes on after a call. */
const RETURN = 0x2dn

/** The same for functions of programs, of which each has 16. */
const USER_RETURN = 9n

/** Where simulated programs and libraries are mapped. */
const PROGRAM_TEXT = 0x555555555000n

const userNames = new Map<bigint, string>()

/** The function of a simulated program that an address lies in. */
function userFunctionAt(address: bigint): { readonly name: string; readonly offset: number } | undefined {
  const start = address & ~15n
  const name = userNames.get(start)
  return name === undefined ? undefined : { name, offset: Number(address - start) }
}

/** An address for a function of a program, the same for the same name. */
export function userAddress(name: string): bigint {
  let hash = 2166136261
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619)
  const address = PROGRAM_TEXT + BigInt((hash >>> 12) << 4)
  userNames.set(address, name)
  return address
}
