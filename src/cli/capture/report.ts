import type { CaptureLoop } from "../../vm/index.ts"
import { note, styled } from "../style.ts"
import { jsonValue } from "../tables.ts"

/** How often progress is shown, in milliseconds. */
const EVERY = 500

/** Shows on a terminal how far a run is. */
export class Progress {
  readonly #start = performance.now()
  #shown = this.#start
  readonly #live = process.stderr.isTTY === true

  /** Seconds so far. */
  get seconds(): number {
    return (performance.now() - this.#start) / 1000
  }

  show(loop: CaptureLoop): void {
    const now = performance.now()
    if (!this.#live || now - this.#shown < EVERY) return
    this.#shown = now
    process.stderr.write(
      `\r${styled(`${many(loop.packets)} packets, ${rate(loop.packets, this.seconds)}`, "2", process.stderr)}\x1b[K`,
    )
  }

  end(): void {
    if (this.#live && this.#shown > this.#start) process.stderr.write("\r\x1b[K")
  }
}

export const many = (count: number): string => count.toLocaleString("en-US")

function rate(packets: number, seconds: number): string {
  const each = packets / Math.max(seconds, 1e-9)
  return each >= 1e6 ? `${(each / 1e6).toFixed(1)} million a second` : `${many(Math.round(each))} a second`
}

/** Says what became of the packets, on stdout, and on stderr where a capture is written there. */
export function report(loop: CaptureLoop, seconds: number, json: boolean, out: NodeJS.WritableStream): void {
  const { packets, passed, dropped, skipped, cut, counts } = loop
  if (json) {
    const programs = counts.map(({ verdicts, ...rest }) => ({ ...rest, verdicts: Object.fromEntries(verdicts) }))
    out.write(`${JSON.stringify({ type: "capture", packets, passed, dropped, skipped, cut, programs }, jsonValue)}\n`)
    return
  }
  for (const { name, kind, verdicts, packets: seen } of counts) {
    const shown = [...verdicts].map(([verdict, count]) => `${verdict} ${many(count)}`)
    out.write(`${styled(name, "1")} (${kind}): ${seen === 0 ? "no packets" : shown.join(", ")}\n`)
  }
  note(
    `${many(packets)} packets in ${seconds.toFixed(2)} s, ${rate(packets, seconds)}: ${many(passed)} passed, ${many(dropped)} dropped`,
  )
  if (skipped > 0) note(`${many(skipped)} packets were left out: no Ethernet frame can be made of them`)
  if (cut > 0) note(`of ${many(cut)} packets the capture has only the beginning`)
}
