import { fstatSync } from "node:fs"
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

function noSocket(fd: number, what: string, errno: number): SkepError {
  return new SkepError({
    code: "KERNEL_NO_SOCKET",
    message: `${what}: descriptor ${fd} is no socket`,
    hint: "give it a socket that is open: one of Node's has a descriptor once it listens, is bound or connected",
    errno,
  })
}
