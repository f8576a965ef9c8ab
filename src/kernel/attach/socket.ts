import { fstatSync } from "node:fs"
import { endianness } from "node:os"
import { SkepError } from "../../base/index.ts"
import type { ReuseportTarget, SocketTarget } from "../../machine/index.ts"
import type { ProgramType } from "../../object/index.ts"
import { callFailed, isPermission, permissionError } from "../host/index.ts"
import { EBADF, EINVAL, sys, syscall } from "../raw/index.ts"
import type { Attacher } from "./attacher.ts"

// Source: Linux include/uapi/asm-generic/socket.h.
const SOL_SOCKET = 1
const ENOTSOCK = 88

/** Options of a socket that give it a program and take it away. */
interface Options {
  readonly attach: number
  readonly detach: number
}

const FILTER: Options = { attach: 50, detach: 27 }
/** Detaching came with Linux 5.3: before that the program goes with the sockets. */
const REUSEPORT: Options = { attach: 52, detach: 68 }

function byOption<T extends SocketTarget | ReuseportTarget>(
  { attach, detach }: Options,
  types: readonly ProgramType[],
  hint: string,
): Attacher<T> {
  const set = (fd: number, option: number, value: number): number =>
    syscall(sys().numbers.setsockopt, fd, SOL_SOCKET, option, new Uint8Array(Int32Array.of(value).buffer), 4)
  return {
    types,
    text: ({ fd }) => `${fd}`,
    open({ fd }, { program, what }) {
      const inode = inodeOf(fd)
      const result = set(fd, attach, program.fd)
      if (result === -EBADF || result === -ENOTSOCK) throw noSocket(fd, what, -result)
      if (isPermission(-result)) throw permissionError(what, -result, ["CAP_NET_ADMIN"])
      if (result < 0) throw callFailed(what, -result, { hint: result === -EINVAL ? hint : undefined })
      return {
        method: attach === FILTER.attach ? "socket filter" : "reuseport program",
        update: next => void set(fd, attach, next.fd),
        close() {
          // A descriptor of the same number that came after the socket's end is another socket.
          if (inode !== undefined && inodeOf(fd) === inode) set(fd, detach, 0)
        },
      }
    },
  }
}

export const socket: Attacher<SocketTarget> = byOption(
  FILTER,
  ["socket_filter"],
  "the socket's filter is locked (SO_LOCK_FILTER)",
)
export const reuseport: Attacher<ReuseportTarget> = byOption(
  REUSEPORT,
  ["sk_reuseport", "socket_filter"],
  "set SO_REUSEPORT before the socket is bound",
)

/** Which socket a descriptor is; undefined when it is closed. */
function inodeOf(fd: number): number | undefined {
  try {
    return fstatSync(fd).ino
  } catch {
    return undefined
  }
}

/** `SO_ATTACH_FILTER` of the same header. */
const SO_ATTACH_FILTER = 26

/**
 * Gives a socket a filter of classic BPF: `struct sock_filter` one after the other, in this computer's byte order. No rights are needed. What is given
 * back takes it away. @throws SkepError KERNEL_NO_SOCKET, KERNEL_CALL where the kernel does not take the filter
 */
export function attachClassic(fd: number, insns: Uint8Array): () => void {
  const what = `attaching a classic filter to socket ${fd}`
  const isLittle = endianness() === "LE"
  // struct sock_fprog: the number of instructions, and behind padding their address.
  const program = new DataView(new ArrayBuffer(16))
  program.setUint16(0, insns.length / 8, isLittle)
  program.setBigUint64(8, BigInt(sys().address(insns)), isLittle)
  const inode = inodeOf(fd)
  const result = syscall(sys().numbers.setsockopt, fd, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(program.buffer), 16)
  if (result === -EBADF || result === -ENOTSOCK) throw noSocket(fd, what, -result)
  if (result < 0) {
    const hint = `a filter has 1 to 4,096 instructions (this one ${insns.length / 8}), and the socket's may be locked (SO_LOCK_FILTER)`
    throw callFailed(what, -result, { hint })
  }
  return () => {
    if (inode !== undefined && inodeOf(fd) === inode) {
      syscall(sys().numbers.setsockopt, fd, SOL_SOCKET, FILTER.detach, new Uint8Array(4), 4)
    }
  }
}

function noSocket(fd: number, what: string, errno: number): SkepError {
  return new SkepError({
    code: "KERNEL_NO_SOCKET",
    message: `${what}: descriptor ${fd} is no socket`,
    hint: "give it a socket that is open: one of Node's has a descriptor once it listens, is bound or connected",
    errno,
  })
}
