import type { Link, Packet, PacketReader } from "../../machine/index.ts"
import type { ProgramSource } from "./source.ts"

/**
 * A raw socket whose packets are read in a loop:
 *
 *     using packets = b.socket("eth0")
 *     packets.attach("only_dns")
 *     for await (const { data, timestamp, length } of packets) …
 *
 * It listens from the first `attach` or read on; leaving the loop closes it.
 */
export class RawSocket<F extends string = string>
  implements AsyncIterableIterator<Packet>, Disposable, AsyncDisposable
{
  readonly #programs: ProgramSource
  readonly #reader: PacketReader

  constructor(programs: ProgramSource, reader: PacketReader) {
    this.#programs = programs
    this.#reader = reader
  }

  /** Descriptor of the socket. */
  get fd(): number {
    return this.#reader.fd
  }

  /** Packets that the kernel dropped because nobody read them in time. */
  get lost(): number {
    return this.#reader.lost
  }

  /** Lets pass what `fn` says: 0 drops a packet, another number is how many of its bytes are kept, −1 all. @throws SkepError BPF_NO_FUNCTION, KERNEL_VERIFIER */
  attach(fn: F): Link {
    const link = this.#programs.program(fn, { type: "socket_filter" }).attach({ kind: "socket", fd: this.fd })
    this.#reader.start()
    return link
  }

  /** The next packet; it waits for one. @throws SkepError KERNEL_CALL */
  next(): Promise<IteratorResult<Packet, undefined>> {
    return this.#reader.next()
  }

  /** Ends the loop and closes the socket. */
  return(): Promise<IteratorResult<Packet, undefined>> {
    return this.#reader.return()
  }

  /** Closes the socket and detaches its program. */
  close(): void {
    this.#reader.close()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.dispose](): void {
    this.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }
}
