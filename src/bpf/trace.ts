import type { TraceLine, TraceReader } from "../machine/index.ts"

/** How {@link BPF.tracePrint} shows what programs print. */
export interface TracePrintOptions {
  /** Lines of this process only. */
  readonly pid?: number
  /** The text of a line; the message alone without it. Undefined leaves the line out. */
  readonly format?: (line: TraceLine) => string | undefined
  /** Where the text goes; standard output without it. */
  readonly write?: (text: string) => void
  /** Ends it. */
  readonly signal?: AbortSignal
}

/** Writes lines until the reader is closed. */
export async function printTrace(reader: TraceReader, options: Omit<TracePrintOptions, "pid">): Promise<void> {
  const { signal, format = line => line.message, write = text => process.stdout.write(text) } = options
  const stop = (): void => reader.close()
  if (signal?.aborted) return stop()
  signal?.addEventListener("abort", stop)
  try {
    for await (const line of reader) {
      const text = format(line)
      if (text !== undefined) write(`${text}\n`)
    }
  } finally {
    signal?.removeEventListener("abort", stop)
    reader.close()
  }
}
