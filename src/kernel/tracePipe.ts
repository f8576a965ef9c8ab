import { closeSync, constants, openSync, readSync, writeFileSync } from "node:fs"
import { SkepError } from "../base/index.ts"
import { type EventWatch, PullStream, type TraceLine, type TraceOptions, type TraceReader } from "../machine/index.ts"
import { callFailed } from "./host/index.ts"
import { EACCES, EBUSY, sys } from "./raw/index.ts"
import { needsRecording, tracefs, tracefsDenied } from "./tracefs.ts"
import { isPrintk, parseTraceLine } from "./traceLine.ts"

/** Bytes of one read; the kernel gives a page at most. */
const CHUNK = 1 << 16
const BATCH = 4096
const NEWLINE = 10

/**
 * What programs print, from the kernel's one trace_pipe. Other readers of trace_pipe take lines away; newer kernels
 * let nobody else in.
 */
export class TracePipe extends PullStream<TraceLine> implements TraceReader {
  readonly #options: TraceOptions
  readonly #fd: number
  readonly #buffer = Buffer.allocUnsafe(CHUNK)
  #rest: Buffer = Buffer.alloc(0)
  #last: TraceLine | undefined
  #lost = 0

  /** Throws `KERNEL_NO_TRACEFS`, `KERNEL_NO_PERMISSION`, `KERNEL_TRACE_BUSY`, `KERNEL_TRACE_OFF`. */
  constructor(options: TraceOptions = {}) {
    super()
    this.#options = options
    needsRecording(tracefs())
    this.#fd = openPipe(`${tracefs()}/trace_pipe`)
    enablePrintk()
  }

  get lost(): number {
    return this.#lost
  }

  protected watchSource(ready: () => void): EventWatch {
    return sys().watch(this.#fd, ready)
  }

  protected closeSource(): void {
    closeSync(this.#fd)
  }

  /** Takes over what the kernel has now, but not more than {@link BATCH} lines: more stays in its buffer. */
  protected readSource(push: (line: TraceLine) => void): void {
    let lines = 0
    while (lines < BATCH) {
      const size = readNow(this.#fd, this.#buffer)
      if (size <= 0) return
      lines += this.#split(this.#buffer.subarray(0, size), push)
    }
  }

  #split(bytes: Buffer, push: (line: TraceLine) => void): number {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    let lines = 0
    let start = 0
    for (let end = all.indexOf(NEWLINE); end >= 0; end = all.indexOf(NEWLINE, start)) {
      const line = this.#accept(all.toString("utf8", start, end))
      if (line !== undefined) push(line)
      lines++
      start = end + 1
    }
    this.#rest = Buffer.from(all.subarray(start))
    return lines
  }

  /** The line as the reader gets it; undefined for what is not for it. */
  #accept(raw: string): TraceLine | undefined {
    const item = parseTraceLine(raw)
    if (item.kind === "lost") {
      this.#lost += item.events
      this.#options.onLost?.(item.events, item.cpu)
      return undefined
    }
    // An empty line is the line end that a message had itself: the kernel adds another.
    if (raw === "") return undefined
    if (item.kind === "line") this.#last = isPrintk(item.event) ? item.line : undefined
    else if (this.#last !== undefined) this.#last = { ...this.#last, message: raw, raw, continued: true }
    const { pid } = this.#options
    return pid === undefined || this.#last?.pid === pid ? this.#last : undefined
  }
}

/**
 * Turns on the event that carries what programs print. The kernel does so itself for the first program that prints, but some
 * time after it is loaded (a work item, in 6.18 and in 6.1 with its later fixes), and what is printed before is lost.
 */
function enablePrintk(): void {
  try {
    writeFileSync(`${tracefs()}/events/bpf_trace/bpf_trace_printk/enable`, "1")
  } catch {}
}

function openPipe(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const { code, errno = 0 } = error as NodeJS.ErrnoException
    if (code === "EACCES" || code === "EPERM") {
      throw tracefsDenied("reading trace_pipe", EACCES)
    }
    if (code === "EBUSY") {
      throw new SkepError({
        code: "KERNEL_TRACE_BUSY",
        message: "another program reads trace_pipe",
        why: "the kernel has one trace_pipe, and gives it to one reader at a time",
        hint: "end the other reader, or send your events through a perf buffer (BPF_PERF_OUTPUT)",
        errno: EBUSY,
      })
    }
    throw callFailed(`opening ${path}`, -errno)
  }
}

/** Bytes read, 0 when there is nothing now. */
function readNow(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer, 0, buffer.length, null)
  } catch (error) {
    const { code, errno = 0 } = error as NodeJS.ErrnoException
    if (code === "EAGAIN" || code === "EINTR") return 0
    throw callFailed("reading trace_pipe", -errno)
  }
}
