import { closeSync, openSync, writeSync } from "node:fs"
import { SkepError } from "../../base/index.ts"
import { type CapturedPacket, type CaptureInterface, CaptureWriter } from "../../packets/index.ts"

/** A file that packets are written to; `-` is the standard output. */
export class OutFile {
  readonly path: string
  readonly #fd: number
  readonly #interfaces: () => readonly CaptureInterface[]
  #writer: CaptureWriter | undefined
  #described = 0

  /**
   * `interfaces` tells those that the capture described so far.
   * @throws SkepError CLI_OUTPUT
   */
  constructor(path: string, interfaces: () => readonly CaptureInterface[]) {
    this.path = path
    this.#interfaces = interfaces
    try {
      this.#fd = path === "-" ? process.stdout.fd : openSync(path, "w")
    } catch (cause) {
      throw failed(path, cause)
    }
  }

  /** Adds a packet. @throws SkepError CLI_OUTPUT */
  write(packet: Readonly<CapturedPacket>): void {
    const writer = (this.#writer ??= this.#begin())
    if (packet.interface >= this.#described) this.#describe(writer)
    writer.write(packet)
  }

  /** How many packets were written. */
  get count(): number {
    return this.#writer?.count ?? 0
  }

  /** Writes what is left; a capture without packets is one, too. @throws SkepError CLI_OUTPUT */
  close(): void {
    ;(this.#writer ??= this.#begin()).flush()
    if (this.path !== "-") closeSync(this.#fd)
  }

  /** Frames have an Ethernet header, whatever they had before. */
  #begin(): CaptureWriter {
    const given = this.#interfaces()
    this.#described = Math.max(1, given.length)
    return new CaptureWriter(bytes => this.#put(bytes), {
      format: this.path.endsWith(".pcapng") ? "pcapng" : "pcap",
      nanoseconds: given.some(({ unitsPerSecond }) => unitsPerSecond > 1_000_000),
      interfaces: given.map(one => ({ ...one, linkType: 1 })),
    })
  }

  #describe(writer: CaptureWriter): void {
    const given = this.#interfaces()
    for (; this.#described < given.length; this.#described++) {
      writer.addInterface({ ...given[this.#described], linkType: 1 })
    }
  }

  #put(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at)
    } catch (cause) {
      throw failed(this.path, cause)
    }
  }
}

const failed = (path: string, cause: unknown): SkepError =>
  new SkepError({
    code: "CLI_OUTPUT",
    message: `cannot write ${path}: ${(cause as Error).message}`,
    hint: "name a file in a folder that you may write to",
    cause,
  })
