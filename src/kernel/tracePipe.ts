import { closeSync, constants, openSync, readSync } from "node:fs"
import { SkepError } from "../base/index.ts"
import type { TraceLine, TraceOptions, TraceReader } from "../machine/index.ts"
import { callFailed } from "./host/index.ts"
import { EACCES, EBUSY, sys, type Watcher } from "./raw/index.ts"
import { tracefs, tracefsDenied } from "./tracefs.ts"
import { isPrintk, parseTraceLine } from "./traceLine.ts"

/** Bytes of one read; the kernel gives a page at most. */
const CHUNK = 1 << 16
/** Lines that wait for the reader before no more is read: the kernel's buffer takes over then. */
const QUEUE = 4096

/**
 * What programs print, from the kernel's one trace_pipe. It is read without waiting, when the event loop says that there
 * is something: no thread is blocked, and closing takes effect at once. Other readers of trace_pipe take lines away.
 */
export class TracePipe implements TraceReader {
  #fd: number
  #watcher: Watcher | undefined
  readonly #options: TraceOptions
  readonly #buffer = Buffer.allocUnsafe(CHUNK)
  #rest: Buffer = Buffer.alloc(0)
  #lines: TraceLine[] = []
  #at = 0
  #waiting: ((result: IteratorResult<TraceLine, undefined>) => void)[] = []
  #last: TraceLine | undefined
  #lost = 0

  /** Throws `KERNEL_NO_TRACEFS`, `KERNEL_NO_PERMISSION`, `KERNEL_TRACE_BUSY`. */
  constructor(options: TraceOptions = {}) {
    this.#options = options
    this.#fd = openPipe(`${tracefs()}/trace_pipe`)
  }

  get lost(): number {
    return this.#lost
  }

  next(): Promise<IteratorResult<TraceLine, undefined>> {
    const line = this.#take() ?? (this.#read() ? this.#take() : undefined)
    if (line !== undefined) return Promise.resolve({ done: false, value: line })
    if (this.#fd < 0) return Promise.resolve({ done: true, value: undefined })
    return new Promise(resolve => {
      this.#waiting.push(resolve)
      this.#watcher ??= sys().watch(this.#fd, () => this.#ready())
    })
  }

  return(): Promise<IteratorResult<TraceLine, undefined>> {
    this.close()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): TraceReader {
    return this
  }

  close(): void {
    if (this.#fd < 0) return
    this.#unwatch()
    closeSync(this.#fd)
    this.#fd = -1
    this.#lines = []
    this.#at = 0
    for (const resolve of this.#waiting.splice(0)) resolve({ done: true, value: undefined })
  }

  [Symbol.dispose](): void {
    this.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  #unwatch(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  /** Called by the event loop. */
  #ready(): void {
    this.#read()
    while (this.#waiting.length > 0) {
      const line = this.#take()
      if (line === undefined) return
      this.#waiting.shift()?.({ done: false, value: line })
    }
    // Nobody waits: the process may end, and what comes stays in the kernel until it is asked for.
    this.#unwatch()
  }

  #take(): TraceLine | undefined {
    if (this.#at === this.#lines.length) return undefined
    const line = this.#lines[this.#at++]
    if (this.#at === this.#lines.length) {
      this.#lines = []
      this.#at = 0
    }
    return line
  }

  /** Takes over what the kernel has now; whether there was anything. */
  #read(): boolean {
    let any = false
    while (this.#fd >= 0 && this.#lines.length < QUEUE) {
      const size = readNow(this.#fd, this.#buffer)
      if (size <= 0) break
      any = true
      this.#split(this.#buffer.subarray(0, size))
    }
    return any
  }

  #split(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    let start = 0
    for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10, start)) {
      this.#accept(all.toString("utf8", start, end))
      start = end + 1
    }
    this.#rest = Buffer.from(all.subarray(start))
  }

  #accept(raw: string): void {
    const item = parseTraceLine(raw)
    if (item.kind === "lost") {
      this.#lost += item.events
      this.#options.onLost?.(item.events, item.cpu)
      return
    }
    if (item.kind === "line") {
      this.#last = isPrintk(item.event) ? item.line : undefined
    } else if (raw === "") {
      // The line end that a message had itself: the kernel adds another.
      return
    } else if (this.#last !== undefined) {
      this.#last = { ...this.#last, message: raw, raw, continued: true }
    }
    const line = this.#last
    if (line === undefined) return
    if (this.#options.pid === undefined || line.pid === this.#options.pid) this.#lines.push(line)
  }
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
