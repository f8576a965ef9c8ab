import { closeSync, openSync, readSync, writeSync } from "node:fs"
import { SkepError } from "../../base/index.ts"
import { type ClassicInsn, type LinkType, linkTypeOf, runClassic } from "../../filter/index.ts"
import { CaptureReader, CaptureWriter, packetLine } from "../../packets/index.ts"
import { SUCCESS } from "../command.ts"
import { note } from "../style.ts"

export interface FilterCaptureOptions {
  /** In place of what the capture says. */
  readonly linkType?: LinkType
  /** Where to write the packets. */
  readonly out?: string
  readonly countOnly: boolean
}

/** Bytes of a file that are read at once. */
const CHUNK = 1 << 20

/** Shows, counts or writes the packets of a capture that a filter takes; the filter is compiled for each link type that is met. */
export function filterCapture(
  file: string,
  compile: (linkType: LinkType) => readonly ClassicInsn[],
  { linkType, out, countOnly }: FilterCaptureOptions,
): number {
  const filters = new Map<number, readonly ClassicInsn[]>()
  const filterFor = (number: number): readonly ClassicInsn[] => {
    let insns = filters.get(number)
    if (insns === undefined) filters.set(number, (insns = compile(linkType ?? knownLinkType(number))))
    return insns
  }
  const reader = new CaptureReader()
  using output = out === undefined ? undefined : new Output(out, reader)
  let taken = 0
  for (const chunk of chunksOf(file)) {
    reader.push(chunk)
    while (reader.next()) {
      const { packet } = reader
      const data = packet.bytes.subarray(packet.start, packet.start + packet.captured)
      if (runClassic(filterFor(packet.linkType), { data, length: packet.length }) === 0) continue
      taken++
      if (output !== undefined) output.write()
      else if (!countOnly) process.stdout.write(`${packetLine(data, packet.linkType)}\n`)
    }
  }
  reader.end()
  if (countOnly) process.stdout.write(`${taken}\n`)
  else note(`${taken} of ${reader.count} packets`)
  return SUCCESS
}

function knownLinkType(number: number): LinkType {
  const type = linkTypeOf(number)
  if (type !== undefined) return type
  throw new SkepError({
    code: "FILTER_LINK",
    message: `packets of link type ${number} begin with a header that is not known`,
    hint: "say what they begin with: --link-type",
  })
}

function* chunksOf(file: string): Generator<Uint8Array> {
  const fd = opened(file, "r")
  try {
    for (;;) {
      const chunk = new Uint8Array(CHUNK)
      const length = readSync(fd, chunk)
      if (length === 0) return
      yield chunk.subarray(0, length)
    }
  } finally {
    closeSync(fd)
  }
}

/** A capture that packets are copied to, of the kind that they come from. */
class Output implements Disposable {
  readonly #fd: number
  readonly #reader: CaptureReader
  #writer: CaptureWriter | undefined
  #interfaces = 0

  constructor(file: string, reader: CaptureReader) {
    this.#fd = opened(file, "w")
    this.#reader = reader
  }

  /** Writes the packet that the reader is at. */
  write(): void {
    const { interfaces, packet } = this.#reader
    const writer = this.#begun()
    for (; this.#interfaces < interfaces.length; this.#interfaces++) writer.addInterface(interfaces[this.#interfaces])
    writer.write(packet)
  }

  /** A capture without packets is one, too. */
  [Symbol.dispose](): void {
    this.#begun().flush()
    closeSync(this.#fd)
  }

  #begun(): CaptureWriter {
    if (this.#writer !== undefined) return this.#writer
    const { interfaces, format } = this.#reader
    this.#interfaces = interfaces.length
    this.#writer = new CaptureWriter(bytes => writeSync(this.#fd, bytes), {
      format,
      interfaces,
      nanoseconds: interfaces.some(({ unitsPerSecond }) => unitsPerSecond > 1_000_000),
    })
    return this.#writer
  }
}

function opened(file: string, mode: "r" | "w"): number {
  try {
    return openSync(file === "-" ? `/dev/std${mode === "r" ? "in" : "out"}` : file, mode)
  } catch (cause) {
    const message = `${file} cannot be ${mode === "r" ? "read" : "written"}: ${(cause as Error).message}`
    throw new SkepError({ code: mode === "r" ? "BPF_FILE" : "CLI_OUTPUT", message, cause })
  }
}
