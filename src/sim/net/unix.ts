import type { OpenFile } from "../files/tree.ts"
import type { KernelObject } from "../memory/object.ts"
import type { System } from "../system.ts"
import { INTERRUPTIBLE, type Task } from "../tasks/task.ts"
import { BLOCK, type Steps } from "../time/steps.ts"

const AF_UNIX = 1
const SOCK_STREAM = 1
const ESTABLISHED = 1
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
/** Bytes of `struct cmsghdr`. */
const HEADER = 16

/** One end of a pair of sockets of this computer. */
export class UnixSocket {
  readonly sk: KernelObject
  readonly socket: KernelObject
  peer: UnixSocket | undefined
  /** Files that were sent here and not taken. */
  readonly files: OpenFile[] = []
  readonly waiters: Task[] = []

  constructor(sk: KernelObject, socket: KernelObject) {
    this.sk = sk
    this.socket = socket
  }
}

/** Sockets between processes of this computer, over which they hand each other open files. */
export class Unix {
  readonly #system: System

  constructor(system: System) {
    this.#system = system
  }

  /** Two sockets that are connected. */
  *pair(): Steps<readonly [UnixSocket, UnixSocket]> {
    const { kernel, objects } = this.#system
    const ends = [this.#make(), this.#make()] as const
    ends[0].peer = ends[1]
    ends[1].peer = ends[0]
    for (const end of ends) yield* kernel.call("unix_create1", [objects.net, end.socket, 0, SOCK_STREAM], () => end.sk)
    return ends
  }

  #make(): UnixSocket {
    const { memory } = this.#system.kernel
    const object = memory.new("unix_sock")
    const sk = object.part("sk")
    const socket = memory.new("socket", { sk, type: SOCK_STREAM, state: 3 })
    sk.set({ "__sk_common.skc_family": AF_UNIX, "__sk_common.skc_state": ESTABLISHED })
    sk.set({ "__sk_common.skc_net.net": this.#system.objects.net, sk_type: SOCK_STREAM, sk_socket: socket })
    return new UnixSocket(sk, socket)
  }

  /** Sends an open file, whose descriptor is `fd`: 1, the byte that goes with it. */
  *sendFile(socket: UnixSocket, fd: number, file: OpenFile): Steps<number> {
    const { kernel, scheduler } = this.#system
    const { memory } = kernel
    // `struct cmsghdr` and the descriptor.
    const control = memory.bytes(HEADER + 8)
    const view = memory.linear.view
    view.setBigUint64(control.offset, BigInt(HEADER + 4), true)
    view.setUint32(control.offset + 8, SOL_SOCKET, true)
    view.setUint32(control.offset + 12, SCM_RIGHTS, true)
    view.setUint32(control.offset + HEADER, fd, true)
    const message = memory.new("msghdr", { msg_control: control, msg_controllen: HEADER + 8 })
    const scm = memory.new("scm_cookie", {})
    const sent = yield* kernel.call("unix_stream_sendmsg", [socket.socket, message, 1], function* () {
      yield* kernel.call("__scm_send", [socket.socket, message, scm], () => 0)
      return 1
    })
    for (const object of [scm, message, control]) memory.free(object)
    const { peer } = socket
    peer?.files.push(file)
    for (const waiter of peer?.waiters.splice(0) ?? []) scheduler.wake(waiter)
    return sent
  }

  /** Takes an open file that was sent; waits for one. */
  *receiveFile(task: Task, socket: UnixSocket): Steps<OpenFile> {
    const { kernel } = this.#system
    const { memory } = kernel
    const control = memory.user(HEADER + 8)
    const parts = { msg_control: control, msg_controllen: HEADER + 8, msg_control_is_user: 1 }
    const message = memory.new("msghdr", parts)
    const scm = memory.new("scm_cookie", {})
    let file: OpenFile | undefined
    yield* kernel.call("unix_stream_recvmsg", [socket.socket, message, 1, 0], function* () {
      while ((file = socket.files.shift()) === undefined) {
        socket.waiters.push(task)
        task.state = INTERRUPTIBLE
        yield BLOCK
      }
      yield* kernel.call("scm_detach_fds", [message, scm])
      return 1
    })
    for (const object of [scm, message]) memory.free(object)
    memory.freeUser(control)
    return file!
  }

  /** Ends one of the two. */
  close(socket: UnixSocket): void {
    if (socket.peer !== undefined) socket.peer.peer = undefined
    this.#system.kernel.release(socket.sk, socket.socket)
  }
}
