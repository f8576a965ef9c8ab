import { KERNEL, PACKET, USER } from "../address.ts"
import type { Helper } from "../code.ts"
import { E2BIG, EFAULT, ERANGE } from "../errno.ts"
import type { Run } from "../run.ts"

type Space = "kernel" | "user" | "either"

/** Whether an address is of the memory that is asked for. */
function isIn(space: Space, high: number): boolean {
  const user = high === USER
  return space === "either" ? user || high === KERNEL || high === PACKET : user === (space === "user")
}

/** What the kernel says where it cannot read: addresses of processes are out of range for reads of its own memory. */
const unreadable = (space: Space, high: number): number => (space === "kernel" && high >= 0 ? -ERANGE : -EFAULT)

/** What the environment has at an address, where it has memory. */
const foreignBytes = ({ environment }: Run, low: number, high: number, size: number): Uint8Array | undefined =>
  environment.foreign?.((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0), size)

/** Reads of memory that may not be there: `bpf_probe_read…(dst, size, src)`. What cannot be read is zeros. */
const read =
  (space: Space): Helper =>
  (run, to, toHigh, size, _sizeHigh, from, fromHigh) => {
    const { memory } = run
    run.writable(to, toHigh, size)
    if (size === 0) return 0
    const foreign = foreignBytes(run, from, fromHigh, size)
    if (foreign?.length === size) {
      memory.u8.set(foreign, to)
      return 0
    }
    if (!isIn(space, fromHigh) || !memory.readable(from, size)) {
      memory.u8.fill(0, to, to + size)
      return run.signed(unreadable(space, fromHigh))
    }
    memory.u8.copyWithin(to, from, from + size)
    return 0
  }

/** The same up to a zero byte; the length with it, or −EFAULT. */
const readText =
  (space: Space): Helper =>
  (run, to, toHigh, size, _sizeHigh, from, fromHigh) => {
    const { memory } = run
    run.writable(to, toHigh, size)
    if (size === 0) return 0
    const foreign = foreignBytes(run, from, fromHigh, size)
    const end = foreign?.indexOf(0) ?? -1
    if (foreign !== undefined && (end >= 0 || foreign.length === size)) {
      const bytes = foreign.subarray(0, end < 0 ? size - 1 : end)
      memory.u8.set(bytes, to)
      memory.u8[to + bytes.length] = 0
      return bytes.length + 1
    }
    const length = isIn(space, fromHigh) ? textLength(run, from, size) : -1
    if (length < 0) {
      memory.u8.fill(0, to, to + size)
      return run.signed(unreadable(space, fromHigh))
    }
    memory.u8.copyWithin(to, from, from + Math.min(length, size - 1))
    memory.u8[to + Math.min(length, size - 1)] = 0
    return Math.min(length + 1, size)
  }

/** Bytes before the zero byte of a text, at most `most`; −1 where it runs into memory that is not there. */
export function textLength({ memory }: Run, address: number, most: number): number {
  for (let length = 0; length < most; length++) {
    if (!memory.readable(address + length, 1)) return -1
    if (memory.u8[address + length] === 0) return length
  }
  return most
}

export const probeHelpers: Readonly<Record<string, Helper>> = {
  bpf_probe_read: read("either"),
  bpf_probe_read_kernel: read("kernel"),
  bpf_probe_read_user: read("user"),
  bpf_copy_from_user: read("user"),
  bpf_copy_from_user_task: read("user"),
  bpf_probe_read_str: readText("either"),
  bpf_probe_read_kernel_str: readText("kernel"),
  bpf_probe_read_user_str: readText("user"),

  bpf_probe_write_user(run, to, toHigh, from, fromHigh, size) {
    if (size < 0) return run.signed(-E2BIG)
    run.readable(from, fromHigh, size)
    if (toHigh !== USER || !run.memory.writable(to, size)) return run.signed(-EFAULT)
    run.memory.u8.copyWithin(to, from, from + size)
    return 0
  },
}
