import { type OpenFile, S_IFSOCK } from "../files/tree.ts"
import type { KernelObject, UserPointer } from "../memory/object.ts"
import { FAMILIES, type IpVersion, local, sockaddr } from "../net/address.ts"
import { type Datagram, PROTOCOLS, TcpSocket, UdpSocket } from "../net/socket.ts"
import { UnixSocket } from "../net/unix.ts"
import type { Steps } from "../time/steps.ts"
import { TaskCalls } from "./tasks.ts"

const AF_UNIX = 1

/** How a socket waits for connections. */
export interface ListenOptions {
  /** Version of IP; 4 without it. */
  readonly version?: IpVersion
  /** Connections that may wait to be accepted; 128 without it. */
  readonly backlog?: number
}

/** Calls for the network. What a descriptor leads to ends when its last owner closes it. */
export abstract class NetworkCalls extends TaskCalls {
  /** A socket that waits for connections at a port: its descriptor, or a negative error number. */
  *listen(port: number, { version = 4, backlog = 128 }: ListenOptions = {}): Steps<number> {
    const { tcp } = this.system
    const fd = yield* this.#tcp(version)
    const socket = this.#behind(fd, TcpSocket)
    const { address, size } = this.#address(port, version)
    const refused = yield* this.syscall("bind", [fd, address, size], () => tcp.bind(socket, port, address))
    if (refused === 0) yield* this.syscall("listen", [fd, backlog], () => tcp.listen(socket, backlog))
    this.system.kernel.memory.freeUser(address)
    if (refused === 0) return fd
    yield* this.close(fd)
    return refused
  }

  /** Takes a connection over, waits for one; its descriptor. */
  *accept(fd: number): Steps<number> {
    const listener = this.#behind(fd, TcpSocket)
    return yield* this.syscall("accept", [fd, 0, 0], () => this.#accept(listener))
  }

  *#accept(listener: TcpSocket): Steps<number> {
    const socket = yield* this.system.tcp.accept(this.task, listener)
    return this.#install(socket, socket.socket, "TCP", () => this.system.tcp.close(socket))
  }

  /** Connects to a port of this computer: a descriptor, or a negative error number. */
  *connect(port: number, version: IpVersion = 4): Steps<number> {
    const fd = yield* this.#tcp(version)
    const { address, size } = this.#address(port, version)
    const socket = this.#behind(fd, TcpSocket)
    const connect = () => this.system.tcp.connect(socket, port, address)
    const result = yield* this.syscall("connect", [fd, address, size], connect)
    this.system.kernel.memory.freeUser(address)
    if (result === 0) return fd
    yield* this.close(fd)
    return result
  }

  /** Sends bytes over a connection. */
  *send(fd: number, count: number | string): Steps<number> {
    const bytes = typeof count === "string" ? this.fill(count) : count
    const socket = this.#behind(fd, TcpSocket)
    return yield* this.syscall("sendto", [fd, this.buffer, bytes, 0, 0, 0], () =>
      this.system.tcp.stream.send(socket, this.buffer, bytes),
    )
  }

  /** Receives bytes from a connection, waits for some: how many, 0 at the end. */
  *receive(fd: number, count: number): Steps<number> {
    const socket = this.#behind(fd, TcpSocket)
    return yield* this.syscall("recvfrom", [fd, this.buffer, count, 0, 0, 0], () =>
      this.system.tcp.stream.read(this.task, socket, this.buffer, count),
    )
  }

  /** A socket of UDP, at a port where one is given; its descriptor. */
  *udp(port?: number, version: IpVersion = 4): Steps<number> {
    const { type, protocol } = PROTOCOLS.udp
    const { udp } = this.system
    const create = () => this.#newUdp(version)
    const fd = yield* this.syscall("socket", [FAMILIES[version], type, protocol], create)
    if (port === undefined) return fd
    const { address, size } = this.#address(port, version)
    const socket = this.#behind(fd, UdpSocket)
    const name = version === 4 ? "inet_bind" : "inet6_bind"
    const bind = () => udp.bind(socket, port)
    const { kernel } = this.system
    yield* this.syscall("bind", [fd, address, size], () =>
      kernel.call(name, [socket.socket, address, size], () => {
        bind()
        return 0
      }),
    )
    kernel.memory.freeUser(address)
    return fd
  }

  *#newUdp(version: IpVersion): Steps<number> {
    const socket = yield* this.system.udp.create(this.task, version)
    return this.#install(socket, socket.socket, "UDP", () => this.system.udp.close(socket))
  }

  /** Sends a datagram to a port of this computer; how many bytes. */
  *sendTo(fd: number, port: number, count: number | string): Steps<number> {
    const bytes = typeof count === "string" ? this.fill(count) : count
    const socket = this.#behind(fd, UdpSocket)
    const { address, size } = this.#address(port, socket.version)
    const to = local(socket.version, port)
    const sent = yield* this.syscall("sendto", [fd, this.buffer, bytes, 0, address, size], () =>
      this.system.udp.send(socket, to, this.buffer, bytes),
    )
    this.system.kernel.memory.freeUser(address)
    return sent
  }

  /** Receives a datagram, waits for one. */
  *receiveFrom(fd: number, count: number): Steps<Datagram> {
    const socket = this.#behind(fd, UdpSocket)
    let datagram!: Datagram
    const receive = function* (call: NetworkCalls): Steps<number> {
      datagram = yield* call.system.udp.receive(call.task, socket, call.buffer, count)
      return Math.min(count, datagram.bytes)
    }
    yield* this.syscall("recvfrom", [fd, this.buffer, count, 0, 0, 0], () => receive(this))
    return datagram
  }

  /** Two sockets that are connected, to talk with a child; their descriptors. */
  *socketPair(): Steps<readonly [number, number]> {
    let fds: readonly [number, number] = [-1, -1]
    const make = function* (call: NetworkCalls): Steps<number> {
      const [one, other] = yield* call.system.unix.pair()
      const install = (end: UnixSocket): number =>
        call.#install(end, end.socket, "UNIX-STREAM", () => call.system.unix.close(end))
      fds = [install(one), install(other)]
      return 0
    }
    yield* this.syscall("socketpair", [AF_UNIX, PROTOCOLS.tcp.type, 0, this.buffer], () => make(this))
    return fds
  }

  /** Hands an open file to who is at the other end of a pair. */
  *sendFile(fd: number, file: number): Steps<number> {
    const socket = this.#behind(fd, UnixSocket)
    const opened = this.task.files.get(file)
    if (opened === undefined) throw new TypeError(`descriptor ${file} of ${this.comm} is not open`)
    return yield* this.syscall("sendmsg", [fd, this.buffer, 0], () => this.system.unix.sendFile(socket, file, opened))
  }

  /** Takes an open file from who is at the other end of a pair; waits for one. Its descriptor. */
  *receiveFile(fd: number): Steps<number> {
    const socket = this.#behind(fd, UnixSocket)
    let got = -1
    const receive = function* (call: NetworkCalls): Steps<number> {
      got = call.system.vfs.install(call.task, yield* call.system.unix.receiveFile(call.task, socket))
      return 1
    }
    yield* this.syscall("recvmsg", [fd, this.buffer, 0], () => receive(this))
    return got
  }

  *#tcp(version: IpVersion): Steps<number> {
    const { type } = PROTOCOLS.tcp
    return yield* this.syscall("socket", [FAMILIES[version], type, 0], () => this.#newTcp(version))
  }

  *#newTcp(version: IpVersion): Steps<number> {
    const socket = yield* this.system.tcp.create(this.task, version)
    return this.#install(socket, socket.socket, "TCP", () => this.system.tcp.close(socket))
  }

  #install(behind: unknown, socket: KernelObject, name: string, release: () => Steps<void> | void): number {
    const { kernel, files, vfs } = this.system
    const node = files.nameless(name, "sockfs", S_IFSOCK | 0o777)
    const file = kernel.memory.new("file", {
      private_data: socket,
      f_inode: node.inode,
      f_op: kernel.names.data("socket_file_ops"),
      "f_path.dentry": node.dentry,
      "f_path.mnt": node.system.vfsmount,
    })
    socket.set({ file })
    const opened: OpenFile = { file, node, position: 0, behind, release }
    return vfs.install(this.task, opened)
  }

  #behind<T>(fd: number, kind: new (...args: never[]) => T): T {
    const behind = this.task.files.get(fd)?.behind
    if (!(behind instanceof kind)) throw new TypeError(`descriptor ${fd} of ${this.comm} is no ${kind.name}`)
    return behind
  }

  /** `struct sockaddr_in` or `sockaddr_in6` of a port of this computer, in the memory of the process. */
  #address(port: number, version: IpVersion): { readonly address: UserPointer; readonly size: number } {
    const bytes = sockaddr(local(version, port))
    return { address: this.system.kernel.memory.user(bytes), size: bytes.length }
  }
}
