import { type EventWatch, PullStream, type TraceLine, type TraceOptions, type TraceReader } from "../machine/index.ts"
import type { Printed, TraceOutput } from "./traceOutput.ts"
import { Watch } from "./watch.ts"

/** Lines that are kept for a reader that does not come; older ones are lost. */
const LINES = 1 << 16

/** What programs of the embedded machine print. */
export class VmTraceReader extends PullStream<TraceLine> implements TraceReader {
  readonly #unlisten: () => void
  readonly #options: TraceOptions
  readonly #wake = new Set<() => void>()
  #lines: TraceLine[] = []
  #lost = 0

  constructor(output: TraceOutput, options: TraceOptions) {
    super()
    this.#options = options
    this.#unlisten = output.listen(printed => this.#add(printed))
  }

  get lost(): number {
    return this.#lost
  }

  #add(printed: Printed): void {
    const { pid } = this.#options
    if (pid !== undefined && pid !== printed.pid) return
    if (this.#lines.length >= LINES) {
      this.#lines.shift()
      this.#lost++
      this.#options.onLost?.(1, printed.cpu)
    }
    this.#lines.push(...linesOf(printed))
    for (const wake of this.#wake) wake()
  }

  protected watchSource(ready: () => void): EventWatch {
    const listen = (wake: () => void) => {
      this.#wake.add(wake)
      return () => void this.#wake.delete(wake)
    }
    return new Watch(ready, listen, () => {})
  }

  protected readSource(push: (line: TraceLine) => void): void {
    for (const line of this.#lines.splice(0)) push(line)
  }

  protected closeSource(): void {
    this.#unlisten()
  }
}

/** The lines of a message as trace_pipe has them. */
function linesOf({ task, pid, cpu, time, message }: Printed): TraceLine[] {
  const flags = "...21"
  const timestamp = Math.floor(time / 1000) / 1e6
  const head = `${task.padStart(16)}-${String(pid).padEnd(7)} [${String(cpu).padStart(3, "0")}] ${flags}`
  const [first, ...more] = message.split("\n")
  const raw = `${head} ${timestamp.toFixed(6).padStart(12)}: bpf_trace_printk: ${first}`
  const line: TraceLine = { task, pid, cpu, flags, timestamp, message: first, raw }
  return [
    line,
    ...more.filter(text => text !== "").map(text => ({ ...line, message: text, raw: text, continued: true })),
  ]
}
