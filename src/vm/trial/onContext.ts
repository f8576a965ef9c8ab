import type { TestRunInput } from "../../machine/index.ts"
import { KERNEL } from "../address.ts"
import { EINVAL } from "../errno.ts"
import type { Run, Runnable } from "../run.ts"
import { type ContextLayout, MOST_CONTEXT } from "./contexts.ts"
import type { Ran } from "./ran.ts"

const none = new Uint8Array(0)
/** Bytes of `struct bpf_sock`, and of `struct bpf_tcp_sock` behind it. */
const SOCKET_BYTES = 200

/**
 * Runs a program on a context that is given, with data behind its pointers, where it has some: what the kernel does for none of these types. The result
 * has both as the program left them; pointers in the context are zeros there.
 */
export function onContext(run: Run, program: Runnable, layout: ContextLayout, input: TestRunInput): Ran | number {
  const { context = none, data = none, repeat = 1 } = input
  const size = layout.size ?? context.length
  if (context.length > size || size > MOST_CONTEXT) return -EINVAL
  if (input.data !== undefined && layout.data === undefined) return -EINVAL
  const { memory } = run
  const places: number[] = []
  const allocate = (bytes: number, name: string): number => {
    const at = memory.allocate(bytes, name)
    places.push(at)
    return at
  }
  try {
    const address = allocate(size, "the context")
    const dataAt = layout.data === undefined ? 0 : allocate(data.length, "data of the context")
    memory.u8.set(context, address)
    memory.u8.set(data, dataAt)
    const point = (offset: number, to: number): void => {
      memory.view.setInt32(address + offset, to, true)
      memory.view.setInt32(address + offset + 4, to === 0 ? 0 : KERNEL, true)
    }
    if (layout.data !== undefined) {
      point(layout.data[0], dataAt)
      point(layout.data[1], dataAt + data.length)
    }
    if (layout.socket !== undefined) point(layout.socket, allocate(SOCKET_BYTES, "socket"))
    run.packet = undefined
    let retval = 0
    for (let i = 0; i < Math.max(1, repeat); i++) retval = run.start(program, address) >>> 0
    for (const offset of [...(layout.data ?? []), layout.socket]) if (offset !== undefined) point(offset, 0)
    return { retval, data: memory.copy(dataAt, data.length), context: memory.copy(address, size) }
  } finally {
    for (const place of places) memory.free(place)
  }
}
