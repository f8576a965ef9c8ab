import { SkepError } from "../base/index.ts"
import type { AttachTarget } from "../machine/index.ts"
import type { RecordedProgram, RecordedRun, Recording } from "../record/index.ts"
import type { KernelSnapshot } from "../snapshot/index.ts"
import {
  type CurrentTask,
  type Environment,
  FixedEnvironment,
  type Placed,
  type Places,
  VirtualMachine,
  type VmProgram,
} from "../vm/index.ts"
import { RecordedMemory } from "./memory.ts"

/** What came of a replay. */
export interface ReplayResult {
  /** Runs of programs. */
  readonly runs: number
  /** Recorded runs at places where no program was attached. */
  readonly skipped: number
  /** Reads of memory that the recording does not have: the recorded program did not read it. */
  readonly missing: number
}

/** The recorded computer at the time of a run. Nothing happens there but what was recorded. */
class RecordedEnvironment extends FixedEnvironment implements Environment {
  readonly memory = new RecordedMemory()
  #run: RecordedRun | undefined
  override readonly bootTime: bigint

  constructor(cpus: number, boot: bigint) {
    super({ cpus })
    this.bootTime = boot
  }

  /** Goes to a recorded run, and takes over what was read in it. */
  goTo(run: RecordedRun): void {
    this.#run = run
    this.memory.goTo(run)
  }

  override cpu(): number {
    return this.#run?.cpu ?? 0
  }
  override now(): number {
    return Number(this.#run?.time ?? 0n)
  }
  override task(): CurrentTask {
    if (this.#run === undefined) return super.task()
    const { pid, tgid, uid, gid, comm, cgroup, task } = this.#run
    return { pid, tgid, uid, gid, comm, cgroupId: cgroup, address: task }
  }
  foreign(address: bigint, size: number): Uint8Array {
    return this.memory.read(address, size)
  }
}

/** Programs at the places of a recording. */
class RecordedPlaces implements Places {
  readonly #programs: readonly RecordedProgram[]
  readonly #attached: { readonly program: VmProgram; readonly recorded: ReadonlySet<number> }[] = []

  constructor(programs: readonly RecordedProgram[]) {
    this.#programs = programs
  }

  attach(program: VmProgram, target: AttachTarget): Placed {
    const key = keyOf(target)
    const indexes = this.#programs.flatMap(({ targets }, i) => (targets.some(one => keyOf(one) === key) ? [i] : []))
    if (indexes.length === 0) throw this.#noPlace(program.name, target)
    const entry = { program, recorded: new Set(indexes) }
    this.#attached.push(entry)
    const detach = (): void => void this.#attached.splice(this.#attached.indexOf(entry), 1)
    return { place: placeOf(target), method: "replayed", detach }
  }

  /** Programs that run where a recorded one ran. */
  at(program: number): VmProgram[] {
    return this.#attached.filter(({ recorded }) => recorded.has(program)).map(one => one.program)
  }

  #noPlace(name: string, target: AttachTarget): SkepError {
    const places = this.#programs.flatMap(({ targets }) => targets.map(placeOf))
    return new SkepError({
      code: "REPLAY_NO_PLACE",
      message: `program ${name} cannot be attached to ${placeOf(target)}: nothing was recorded there`,
      hint:
        places.length === 0 ? "the recording has no places" : `the recording has: ${[...new Set(places)].join(", ")}`,
    })
  }
}

/** Two targets with one key are one place. */
function keyOf(target: AttachTarget): string {
  const { cookie: _, maxActive: _most, ...place } = target as AttachTarget & { cookie?: unknown; maxActive?: unknown }
  return JSON.stringify(Object.entries(place).sort(), (_key, value) =>
    typeof value === "bigint" ? `${value}n` : value,
  )
}

function placeOf(target: AttachTarget): string {
  const category = "category" in target ? `${target.category}:` : ""
  const path = "path" in target ? `${target.path}:` : ""
  return `${target.kind} ${path}${category}${"event" in target ? String(target.event) : ""}`.trim()
}

/**
 * A recording as a machine: programs that are attached to its places run as often as the recorded ones did, with the context, the task, the time and
 * the memory that were recorded. What a program asks of memory that the recorded one did not read fails as an unreadable address does.
 */
export class Replay {
  /** Where programs are loaded. */
  readonly machine: VirtualMachine
  readonly #recording: Recording
  readonly #environment: RecordedEnvironment
  readonly #places: RecordedPlaces

  constructor(recording: Recording, kernel: KernelSnapshot) {
    const { head } = recording
    this.#recording = recording
    this.#environment = new RecordedEnvironment(head.cpus, BigInt(head.bootTime))
    this.#places = new RecordedPlaces(head.programs)
    const [major = 6, minor = 18] = head.release.split(".").map(Number)
    this.machine = new VirtualMachine({
      environment: this.#environment,
      places: this.#places,
      types: () => kernel.btf,
      version: { major, minor },
    })
  }

  /**
   * Runs what is attached, once from the first recorded run to the last.
   * @throws SkepError VM_… where a program does wrong
   */
  run(): ReplayResult {
    const { memory } = this.machine.core
    const room = this.#recording.runs.reduce((most, { context }) => Math.max(most, context.bytes.length), 8)
    const context = memory.allocate(room, "context", { access: "read" })
    let runs = 0
    let skipped = 0
    try {
      for (const run of this.#recording.runs) {
        const programs = this.#places.at(run.program)
        if (programs.length === 0) skipped++
        this.#environment.goTo(run)
        for (const program of programs) {
          memory.u8.fill(0, context, context + room)
          memory.u8.set(run.context.bytes, context)
          program.run(context, { cpu: run.cpu })
          runs++
        }
      }
    } finally {
      memory.free(context)
    }
    return { runs, skipped, missing: this.#environment.memory.missing }
  }
}
