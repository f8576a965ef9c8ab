import { callFailed, isPermission, pageSize, permissionError } from "../host/index.ts"
import { closeFd, sys, syscall } from "../raw/index.ts"
import { type Mapping, mapMemory, SharedPosition } from "./mmap.ts"

// Source: Linux include/uapi/linux/perf_event.h.
const PERF_TYPE_SOFTWARE = 1
const PERF_COUNT_SW_BPF_OUTPUT = 10
const PERF_SAMPLE_RAW = 1 << 10
const PERF_RECORD_LOST = 2
const PERF_RECORD_SAMPLE = 9
const PERF_FLAG_FD_CLOEXEC = 8
const PERF_EVENT_IOC_ENABLE = 0x2400
const ATTR_SIZE = 112
const DATA_HEAD = 1024
const DATA_TAIL = 1032

/**
 * One CPU's perf buffer: a page of positions and 2^n pages of records. Positions only grow; a record may wrap around.
 *
 *     record   u32 type; u16 misc, size (of the whole)
 *     sample   u32 length; length bytes (padded so that the record is a multiple of 8)
 *     lost     u64 id, lost
 */
export class PerfRing {
  readonly fd: number
  readonly cpu: number
  readonly #mapping: Mapping
  readonly #head: SharedPosition
  readonly #tail: SharedPosition
  readonly #data: Uint8Array
  readonly #view: DataView
  /** A record that wraps around is put together here. */
  #joined = new Uint8Array(256)

  constructor(cpu: number, pages: number, what: string) {
    this.cpu = cpu
    this.fd = openOutput(cpu, what)
    try {
      this.#mapping = mapMemory(this.fd, (1 + pages) * pageSize(), 0, true, what)
    } catch (error) {
      closeFd(this.fd)
      throw error
    }
    this.#head = new SharedPosition(this.#mapping.bytes, DATA_HEAD)
    this.#tail = new SharedPosition(this.#mapping.bytes, DATA_TAIL)
    this.#data = this.#mapping.bytes.subarray(pageSize())
    this.#view = new DataView(this.#data.buffer, this.#data.byteOffset, this.#data.length)
  }

  enable(): number {
    return syscall(sys().numbers.ioctl, this.fd, PERF_EVENT_IOC_ENABLE, 0)
  }

  /** Hands over what is there; the bytes are valid during the call only. */
  read(take: (data: Uint8Array) => void, lost: (events: number) => void): void {
    const size = this.#data.length
    const head = this.#head.load()
    let tail = this.#tail.load()
    try {
      while (tail < head) {
        // Records are multiples of 8 bytes, so a header never wraps around.
        const at = tail % size
        const type = this.#view.getUint32(at, true)
        const length = this.#view.getUint16(at + 6, true)
        if (length < 8) break
        const record = this.#record(at, length)
        const view = new DataView(record.buffer, record.byteOffset, record.length)
        tail += length
        if (type === PERF_RECORD_SAMPLE) take(record.subarray(12, 12 + view.getUint32(8, true)))
        else if (type === PERF_RECORD_LOST) lost(Number(view.getBigUint64(16, true)))
      }
    } finally {
      this.#tail.store(tail)
    }
  }

  #record(at: number, length: number): Uint8Array {
    const end = at + length
    if (end <= this.#data.length) return this.#data.subarray(at, end)
    if (this.#joined.length < length) this.#joined = new Uint8Array(length)
    this.#joined.set(this.#data.subarray(at))
    this.#joined.set(this.#data.subarray(0, end - this.#data.length), this.#data.length - at)
    return this.#joined.subarray(0, length)
  }

  close(): void {
    this.#mapping.unmap()
    closeFd(this.fd)
  }
}

function openOutput(cpu: number, what: string): number {
  const attr = new Uint8Array(ATTR_SIZE)
  const view = new DataView(attr.buffer)
  view.setUint32(0, PERF_TYPE_SOFTWARE, true)
  view.setUint32(4, ATTR_SIZE, true)
  view.setUint32(8, PERF_COUNT_SW_BPF_OUTPUT, true)
  // sample_period, sample_type, wakeup_events: tell the reader of every record.
  view.setUint32(16, 1, true)
  view.setUint32(24, PERF_SAMPLE_RAW, true)
  view.setUint32(48, 1, true)
  const fd = syscall(sys().numbers.perfEventOpen, attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC)
  if (fd >= 0) return fd
  if (isPermission(-fd)) throw permissionError(what, -fd, ["CAP_PERFMON"])
  throw callFailed(what, -fd)
}
