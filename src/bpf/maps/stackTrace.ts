import { framesOfAddresses, framesOfFiles, type StackOptions } from "../user/stacks.ts"
import { type Frame, frameText } from "../user/symbols.ts"
import { BpfMap } from "./base.ts"
import { U32 } from "./codec.ts"

/** A place in a stack by the build id of its file (a map with BPF_F_STACK_BUILD_ID, Linux 4.17). */
export interface BuildIdFrame {
  /** The file's build id in hexadecimal; undefined where the kernel could not read it, and `address` is set. */
  readonly buildId: string | undefined
  /** Byte in the file. */
  readonly offset: bigint | undefined
  /** The address in memory, where the build id is not known. */
  readonly address: bigint | undefined
}

const BUILD_ID_FLAG = 1 << 5
const BUILD_ID_SIZE = 20
/** Bytes of `struct bpf_stack_build_id`: a status, the build id, and the offset or address. */
const FRAME_SIZE = 32
const VALID = 1

/** Stacks by id (`BPF_STACK_TRACE`): what `get_stackid` returned to the program. */
export class StackTraceTable extends BpfMap {
  /** Stacks that were to be resolved and had not been taken: two had the same place in the table, or their memory could not be read. */
  lost = 0

  /** The return addresses of a stack, the innermost first; undefined when there is no such stack. */
  get(id: number): bigint[] | undefined {
    if (id < 0) return undefined
    const bytes = this.map.lookup(U32.encode(id))
    if (bytes === undefined || this.hasBuildIds) return bytes && this.frames(id)?.map(f => f.address ?? f.offset ?? 0n)
    const addresses = [...new BigUint64Array(bytes.buffer)]
    const end = addresses.indexOf(0n)
    return end < 0 ? addresses : addresses.slice(0, end)
  }

  /** Whether stacks are kept as build ids and offsets. */
  get hasBuildIds(): boolean {
    return (this.map.spec.flags & BUILD_ID_FLAG) !== 0
  }

  /** The places of a stack by the files they are in, in a map with BPF_F_STACK_BUILD_ID. */
  frames(id: number): BuildIdFrame[] | undefined {
    const bytes = this.map.lookup(U32.encode(id))
    if (bytes === undefined || !this.hasBuildIds) return undefined
    const view = new DataView(bytes.buffer)
    const frames: BuildIdFrame[] = []
    for (let at = 0; at + FRAME_SIZE <= bytes.length; at += FRAME_SIZE) {
      const status = view.getInt32(at, true)
      if (status === 0) break
      const place = view.getBigUint64(at + 24, true)
      const valid = status === VALID
      const buildId = valid ? Buffer.from(bytes.subarray(at + 4, at + 4 + BUILD_ID_SIZE)).toString("hex") : undefined
      frames.push({ buildId, offset: valid ? place : undefined, address: valid ? undefined : place })
    }
    return frames
  }

  /** The addresses one by one; none when there is no such stack. */
  *walk(id: number): IterableIterator<bigint> {
    yield* this.get(id) ?? []
  }

  /**
   * The frames of a stack, the innermost first: functions, offsets, files. With `pid` it is a process's stack, and else the kernel's. A number
   * below 0, which `get_stackid` gives for a stack that it could not take, has none, as has one that is not there: {@link lost} counts them.
   */
  resolve(id: number, options: StackOptions = {}): Frame[] {
    const frames = id < 0 || !this.hasBuildIds ? undefined : this.frames(id)
    const addresses = frames === undefined ? this.get(id) : []
    if (addresses === undefined) this.lost++
    return frames === undefined
      ? framesOfAddresses(addresses ?? [], options, this.map.symbols)
      : framesOfFiles(frames, options)
  }

  /** The frames of a stack as text, the innermost first. */
  lines(id: number, options: StackOptions = {}): string[] {
    return this.resolve(id, options).map(frame => frameText(frame, options))
  }

  /** Whether there is a stack of an id. */
  has(id: number): boolean {
    return id >= 0 && this.map.lookup(U32.encode(id)) !== undefined
  }

  /** Whether there was a stack of an id, which is gone now. */
  delete(id: number): boolean {
    return id >= 0 && this.map.delete(U32.encode(id))
  }

  /** The ids of all stacks. */
  *keys(): IterableIterator<number> {
    for (const key of this.map.keys()) yield U32.decode(key) as number
  }

  /** Number of stacks. */
  get size(): number {
    return this.map.readAll().count
  }

  /** Removes all stacks. */
  clear(): void {
    for (const key of [...this.map.keys()]) this.map.delete(key)
  }
}
