import { readSync } from "node:fs"
import { SkepError } from "../../base/index.ts"
import type { BatchBuffer } from "../../machine/index.ts"
import {
  callFailed,
  isEffective,
  isPermission,
  pageSize,
  permissionError,
  readNumber,
  readPrivilege,
  setMemlock,
} from "../host/index.ts"
import { closeFd, EPERM, sys, syscall } from "../raw/index.ts"
import { type Mapping, mapMemory, SharedPosition } from "./mmap.ts"

// Source: Linux include/uapi/linux/perf_event.h.
const PERF_TYPE_SOFTWARE = 1
const PERF_COUNT_SW_BPF_OUTPUT = 10
const PERF_SAMPLE_TIME = 1 << 2
const PERF_SAMPLE_RAW = 1 << 10
/** `use_clockid`, bit 25 of the flags. */
const USE_CLOCKID = 1 << 25
const CLOCK_MONOTONIC = 1
const PERF_FORMAT_LOST = 1 << 4
const PERF_RECORD_LOST = 2
const PERF_RECORD_SAMPLE = 9
const PERF_FLAG_FD_CLOEXEC = 8
const PERF_EVENT_IOC_ENABLE = 0x2400
const ATTR_SIZE = 112
const DATA_HEAD = 1024
const DATA_TAIL = 1032

/** Bytes that a record has before what the program sent: its header, its time where that was asked for, and a length. */
const HEADER = 8
const LENGTH = 4
const TIME = 8

/**
 * The records of one CPU's perf buffer, over memory wherever it comes from. Positions only grow; a record may wrap around.
 *
 *     record   u32 type; u16 misc, size (of the whole)
 *     sample   u64 time (where it was asked for); u32 length; length bytes (padded so that the record is a multiple of 8)
 *     lost     u64 id, lost
 *
 * The kernel moves its position when records are complete, and it is loaded with acquire semantics; ours is stored with release
 * semantics once they are copied. They are read from the copy, so that nothing changes meanwhile. Records that do not fit into what
 * is there cannot be the kernel's: the rest is given up, and counted as one loss.
 */
export class PerfRecords {
  readonly #head: SharedPosition
  readonly #tail: SharedPosition
  readonly #data: Uint8Array
  readonly #cpu: number
  readonly #timed: boolean

  constructor(head: SharedPosition, tail: SharedPosition, data: Uint8Array, cpu: number, timed: boolean) {
    this.#head = head
    this.#tail = tail
    this.#data = data
    this.#cpu = cpu
    this.#timed = timed
  }

  /** Moves what is there into the batch. `told`: the kernel says so in a record; otherwise it is what damage has cost. */
  take(batch: BatchBuffer, lost: (events: number, told: boolean) => void): void {
    const size = this.#data.length
    const head = this.#head.load()
    const tail = this.#tail.load()
    const available = head - tail
    if (available <= 0) return
    if (available > size || tail % 8 !== 0) lost(1, false)
    else {
      const place = tail % size
      const first = Math.min(available, size - place)
      const base = batch.append(this.#data.subarray(place, place + first))
      // Both parts are multiples of 8: the second one lies just behind the first.
      if (first < available) batch.append(this.#data.subarray(0, available - first))
      this.#split(batch, base, base + available, lost)
    }
    this.#tail.store(head)
  }

  #split(batch: BatchBuffer, start: number, end: number, lost: (events: number, told: boolean) => void): void {
    const { view } = batch
    const raw = HEADER + (this.#timed ? TIME : 0)
    let at = start
    while (at < end) {
      const size = at + HEADER <= end ? view.getUint16(at + 6, true) : 0
      if (size < HEADER || size % 8 !== 0 || at + size > end) {
        lost(1, false)
        return
      }
      const type = view.getUint32(at, true)
      if (type === PERF_RECORD_SAMPLE) {
        const length = size >= raw + LENGTH ? view.getUint32(at + raw, true) : Number.POSITIVE_INFINITY
        if (raw + LENGTH + length > size) lost(1, false)
        else {
          const time = this.#timed ? Number(view.getBigUint64(at + HEADER, true)) : 0
          batch.add(at + raw + LENGTH, length, this.#cpu, time)
        }
      } else if (type === PERF_RECORD_LOST && size >= 24) lost(Number(view.getBigUint64(at + 16, true)), true)
      at += size
    }
  }
}

export interface PerfRingOptions {
  readonly pages: number
  readonly wakeup: number
  /** Records come with the time of CLOCK_MONOTONIC. */
  readonly timed: boolean
}

/** One CPU's perf buffer in the kernel: a page of positions and 2^n pages of records. */
export class PerfRing {
  readonly fd: number
  readonly cpu: number
  readonly pages: number
  readonly #mapping: Mapping
  readonly #records: PerfRecords
  /** Whether the kernel tells the losses of this buffer when it is asked (Linux 6.0), and not only when it has room for a record of them. */
  readonly countsLost: boolean
  #told = 0
  /** What a read of the event gives: its count, and the number of lost records. */
  readonly #counts = Buffer.alloc(16)

  constructor(cpu: number, options: PerfRingOptions, what: string) {
    this.cpu = cpu
    this.pages = options.pages
    const counting = openOutput(cpu, options, PERF_FORMAT_LOST)
    this.countsLost = counting >= 0
    this.fd = counting >= 0 ? counting : openOutput(cpu, options, 0)
    if (this.fd < 0) throw openFailed(-this.fd, what)
    try {
      this.#mapping = mapBuffer(this.fd, options.pages, what)
    } catch (error) {
      closeFd(this.fd)
      throw error
    }
    const { bytes } = this.#mapping
    const head = new SharedPosition(bytes, DATA_HEAD)
    const tail = new SharedPosition(bytes, DATA_TAIL)
    this.#records = new PerfRecords(head, tail, bytes.subarray(pageSize()), cpu, options.timed)
  }

  enable(): number {
    return syscall(sys().numbers.ioctl, this.fd, PERF_EVENT_IOC_ENABLE, 0)
  }

  take(batch: BatchBuffer, lost: (events: number) => void): void {
    let more = false
    this.#records.take(batch, (events, told) => {
      if (told && this.countsLost) more = true
      else lost(events)
    })
    if (more) this.settle(lost)
  }

  /** Tells the losses that the kernel has not told yet: it does so when a record fits again, which may be never. */
  settle(lost: (events: number) => void): void {
    if (!this.countsLost || readSync(this.fd, this.#counts) < this.#counts.length) return
    const now = Number(this.#counts.readBigUInt64LE(8))
    if (now > this.#told) lost(now - this.#told)
    this.#told = now
  }

  close(): void {
    this.#mapping.unmap()
    closeFd(this.fd)
  }
}

function openOutput(cpu: number, { wakeup, timed }: PerfRingOptions, readFormat: number): number {
  const attr = new Uint8Array(ATTR_SIZE)
  const view = new DataView(attr.buffer)
  view.setUint32(0, PERF_TYPE_SOFTWARE, true)
  view.setUint32(4, ATTR_SIZE, true)
  view.setUint32(8, PERF_COUNT_SW_BPF_OUTPUT, true)
  // sample_period, sample_type, read_format, wakeup_events: tell the reader of so many records.
  view.setUint32(16, 1, true)
  view.setUint32(24, timed ? PERF_SAMPLE_RAW | PERF_SAMPLE_TIME : PERF_SAMPLE_RAW, true)
  view.setUint32(32, readFormat, true)
  view.setUint32(48, wakeup, true)
  if (timed) {
    view.setUint32(40, USE_CLOCKID, true)
    view.setUint32(92, CLOCK_MONOTONIC, true)
  }
  return syscall(sys().numbers.perfEventOpen, attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC)
}

/** Maps a buffer and the page in front of it. Its memory is locked, which users may do to a limit. Throws `KERNEL_BUFFER_SIZE` beyond it. */
function mapBuffer(fd: number, pages: number, what: string): Mapping {
  const map = (): Mapping => mapMemory(fd, (1 + pages) * pageSize(), 0, true, what)
  const isLocked = (error: unknown): boolean =>
    error instanceof SkepError && error.errno === EPERM && !isEffective(readPrivilege(), "CAP_IPC_LOCK")
  try {
    return map()
  } catch (error) {
    if (!isLocked(error)) throw error
    if (!setMemlock()) throw tooLarge(pages, what, error)
  }
  try {
    return map()
  } catch (error) {
    throw isLocked(error) ? tooLarge(pages, what, error) : error
  }
}

function tooLarge(pages: number, what: string, cause: unknown): SkepError {
  const size = (pages * pageSize()) >> 10
  return new SkepError({
    code: "KERNEL_BUFFER_SIZE",
    message: `${what}: buffers of ${size} KiB for each CPU are more memory than this user may lock`,
    why: `without CAP_IPC_LOCK it is kernel.perf_event_mlock_kb (${readNumber("/proc/sys/kernel/perf_event_mlock_kb")}) for each CPU, and ulimit -l`,
    hint: `ask for fewer pages, or allow more: sudo sysctl kernel.perf_event_mlock_kb=${size + 4}`,
    errno: EPERM,
    cause,
  })
}

function openFailed(errno: number, what: string): SkepError {
  return isPermission(errno) ? permissionError(what, errno, ["CAP_PERFMON"]) : callFailed(what, errno)
}
