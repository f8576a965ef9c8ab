import { SkepError } from "../base/index.ts"
import type { AttachTarget } from "../machine/index.ts"
import type { ProgramType } from "../object/index.ts"
import { HEAD_BYTES, MOST_BYTES, START, TEXTS } from "./prelude.ts"

/** A program that was recorded, and where it was attached. */
export interface RecordedProgram {
  readonly name: string
  readonly type: ProgramType
  /** Where it ran. */
  readonly targets: readonly AttachTarget[]
}

/** What a recording is of. */
export interface RecordingHead {
  /** Release of the kernel: `6.18.5`. */
  readonly release: string
  /** Architecture as Node names it: `x64`. */
  readonly arch: string
  /** Possible CPUs. */
  readonly cpus: number
  /** Nanoseconds between 1970 and boot. */
  readonly bootTime: string
  readonly programs: readonly RecordedProgram[]
  /** Records that were lost because they came faster than they could be read. */
  readonly lost: number
}

/** Memory that a run read. */
export interface RecordedRead {
  readonly address: bigint
  /** Number of the helper that read it. */
  readonly helper: number
  /** Bytes that it asked for. */
  readonly size: number
  /** What the helper returned. */
  readonly result: number
  /** What was read; of long reads the first 1,024 bytes. */
  readonly bytes: Uint8Array
}

/** One run of a program. */
export interface RecordedRun {
  /** Index of the program. */
  readonly program: number
  /** Nanoseconds since boot. */
  readonly time: bigint
  readonly cpu: number
  readonly pid: number
  readonly tgid: number
  readonly uid: number
  readonly gid: number
  readonly comm: string
  /** Address of the task. */
  readonly task: bigint
  readonly cgroup: bigint
  /** Address and bytes of the program's context. */
  readonly context: { readonly address: bigint; readonly bytes: Uint8Array }
  readonly reads: readonly RecordedRead[]
}

/** A recording, read. */
export interface Recording {
  readonly head: RecordingHead
  /** The kernel's types, formats and options, as `openSnapshot` opens them. */
  readonly snapshot: Uint8Array
  /** In the order in which they began. */
  readonly runs: readonly RecordedRun[]
}

const MAGIC = "skep-rec1\n"
const encoder = new TextEncoder()
const decoder = new TextDecoder()

function bad(what: string): SkepError {
  return new SkepError({
    code: "RECORD_BAD",
    message: `the recording cannot be read: ${what}`,
    hint: "record it again: skep record --trace out.skep program.c",
  })
}

/**
 * The bytes of a recording. Numbers are little-endian.
 *
 *     magic "skep-rec1\n", then blocks, each with its length (u32) in front: the head as JSON, the snapshot, and the records as programs sent them
 */
export function writeRecording(
  head: RecordingHead,
  snapshot: Uint8Array,
  records: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const blocks = [encoder.encode(JSON.stringify(head)), snapshot, ...records]
  const out = new Uint8Array(MAGIC.length + blocks.reduce((sum, block) => sum + 4 + block.length, 0))
  const view = new DataView(out.buffer)
  out.set(encoder.encode(MAGIC))
  let at = MAGIC.length
  for (const block of blocks) {
    view.setUint32(at, block.length, true)
    out.set(block, at + 4)
    at += 4 + block.length
  }
  return out
}

/** Reads what {@link writeRecording} wrote. @throws SkepError RECORD_BAD */
export function readRecording(bytes: Uint8Array): Recording {
  const blocks = blocksOf(bytes)
  const first = blocks.next().value
  const snapshot = blocks.next().value
  if (first === undefined || snapshot === undefined) throw bad("it ends too early")
  const head = readHead(first)
  return { head, snapshot, runs: runsOf(blocks, head.programs.length) }
}

function* blocksOf(bytes: Uint8Array): Generator<Uint8Array, undefined> {
  if (decoder.decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) throw bad("it does not begin like one")
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = MAGIC.length; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw bad("it ends too early")
    const length = view.getUint32(at, true)
    at += 4
    if (length > bytes.length - at) throw bad("it ends too early")
    yield bytes.subarray(at, at + length)
    at += length
  }
  return undefined
}

function readHead(bytes: Uint8Array): RecordingHead {
  let head: unknown
  try {
    head = JSON.parse(decoder.decode(bytes))
  } catch (cause) {
    throw bad(`what it says of itself is no JSON (${(cause as Error).message})`)
  }
  const { release, arch, cpus, bootTime, programs, lost } = (head ?? {}) as Partial<RecordingHead>
  const fits =
    typeof release === "string" &&
    /^\d{1,3}\.\d{1,3}\b/.test(release) &&
    typeof arch === "string" &&
    typeof bootTime === "string" &&
    /^\d{1,20}$/.test(bootTime) &&
    Number.isInteger(cpus) &&
    (cpus as number) > 0 &&
    (cpus as number) <= 4096 &&
    Number.isInteger(lost) &&
    Array.isArray(programs) &&
    programs.every(isProgram)
  if (!fits) throw bad("something is missing of what it says of itself")
  return head as RecordingHead
}

function isProgram(program: unknown): program is RecordedProgram {
  const { name, type, targets } = (program ?? {}) as Partial<RecordedProgram>
  const isTarget = (target: unknown): boolean => typeof (target as AttachTarget | null)?.kind === "string"
  return typeof name === "string" && typeof type === "string" && Array.isArray(targets) && targets.every(isTarget)
}

/**
 * Puts the records of each run together: its start, and what was read on the same CPU until the next one starts there.
 *
 *     record   time u64, cpu u32, kind u32, address u64, result s64, size u32, program u32, data
 *     start    data: pid_tgid u64, uid_gid u64, task u64, cgroup u64, comm char[16], context
 */
function runsOf(records: Iterable<Uint8Array>, programs: number): RecordedRun[] {
  const runs: RecordedRun[] = []
  const current = new Map<number, RecordedRead[]>()
  for (const record of records) {
    if (record.length < HEAD_BYTES) throw bad("a record is too short")
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
    const cpu = view.getUint32(8, true)
    const kind = view.getUint32(12, true)
    const address = view.getBigUint64(16, true)
    const size = view.getUint32(32, true)
    const data = record.subarray(HEAD_BYTES)
    if (kind !== START) {
      const result = Number(view.getBigInt64(24, true))
      // What a text does not need of the room is not its own.
      const length = result < 0 ? 0 : Math.min(size, MOST_BYTES, data.length, TEXTS.has(kind) ? result : size)
      // A read of before the first start that is known: its run began before the recording.
      current.get(cpu)?.push({ address, helper: kind, size, result, bytes: data.subarray(0, length) })
      continue
    }
    const program = view.getUint32(36, true)
    if (program >= programs) throw bad("a run is of a program that it does not have")
    if (data.length < TASK_BYTES) throw bad("a record is too short")
    const word = (at: number): bigint => view.getBigUint64(HEAD_BYTES + at, true)
    const half = (at: number): number => view.getUint32(HEAD_BYTES + at, true)
    const reads: RecordedRead[] = []
    current.set(cpu, reads)
    runs.push({
      program,
      time: view.getBigUint64(0, true),
      cpu,
      pid: half(0),
      tgid: half(4),
      uid: half(8),
      gid: half(12),
      task: word(16),
      cgroup: word(24),
      comm: decoder.decode(data.subarray(32, 48)).replace(/\0.*$/s, ""),
      context: { address, bytes: data.subarray(TASK_BYTES, TASK_BYTES + size) },
      reads,
    })
  }
  return runs
}

/** Bytes of `struct __skep_task`. */
const TASK_BYTES = 48

/** Whether a record begins a run. */
export const isStart = (record: Uint8Array): boolean =>
  new DataView(record.buffer, record.byteOffset, record.byteLength).getUint32(12, true) === START
