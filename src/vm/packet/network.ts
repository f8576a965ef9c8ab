import type { Memory } from "../memory.ts"
import { type Device, type DeviceOptions, LOOPBACK, makeDevice } from "./device.ts"
import {
  findRoute,
  makeNeighbour,
  makeRoute,
  type Neighbour,
  type NeighbourOptions,
  type Route,
  type RouteOptions,
  sameBytes,
} from "./routes.ts"
import { type Ends, fit, type SocketOptions, VmSocket } from "./socket.ts"

/** The control group that all others lie in. */
const ROOT_CGROUP = "/sys/fs/cgroup"

/** A packet that a program sent somewhere else. */
export interface SentPacket {
  /** Number of the device. */
  readonly device: number
  /** True where the packet comes in at the device rather than goes out of it. */
  readonly ingress: boolean
  readonly data: Uint8Array
}

/** What a network is made of. */
export interface NetworkOptions {
  /** Devices beside loopback, whose number is 1. */
  readonly devices?: readonly DeviceOptions[]
  readonly routes?: readonly RouteOptions[]
  readonly neighbours?: readonly NeighbourOptions[]
  readonly sockets?: readonly SocketOptions[]
}

/** The network around a machine's programs: what packet helpers look things up in. It may change at any time. */
export class Network {
  readonly devices = new Map<number, Device>([[LOOPBACK.index, LOOPBACK]])
  readonly routes: Route[]
  readonly neighbours: Neighbour[]
  readonly sockets: VmSocket[]
  /** Folders of control groups, by their numbers. */
  readonly #cgroups = new Map<bigint, string>([[1n, ROOT_CGROUP]])
  /** Called with copies that programs send by `bpf_clone_redirect`. */
  onSend: (packet: SentPacket) => void = () => {}

  /** @throws SkepError PACKETS_ADDRESS */
  constructor({ devices = [], routes = [], neighbours = [], sockets = [] }: NetworkOptions = {}) {
    for (const device of devices) this.devices.set(device.index, makeDevice(device))
    this.routes = routes.map(makeRoute)
    this.neighbours = neighbours.map(makeNeighbour)
    this.sockets = sockets.map(options => new VmSocket(options))
  }

  /** The number of the control group with a folder: what a socket of it has as `cgroupId`. A group is there from when it is first asked for. */
  cgroupId(path: string): bigint {
    const known = [...this.#cgroups].find(([, folder]) => folder === path)
    if (known !== undefined) return known[0]
    const id = BigInt(this.#cgroups.size + 1)
    this.#cgroups.set(id, path)
    return id
  }

  /** The folder of a control group; that of all for a number that none has. */
  cgroupPath(id: bigint): string {
    return this.#cgroups.get(id) ?? ROOT_CGROUP
  }

  device(index: number): Device | undefined {
    return this.devices.get(index)
  }

  /** The route to an address. */
  route(address: Uint8Array, within: { table?: number; device?: number } = {}): Route | undefined {
    return findRoute(this.routes, address, within)
  }

  /** The hardware address that an address has on a device. */
  neighbour(device: number, address: Uint8Array): Uint8Array | undefined {
    return this.neighbours.find(one => one.device === device && sameBytes(one.address, address))?.mac
  }

  /** The socket that a packet is for; connections come before those that take what comes. */
  socket(protocol: number, ends: Ends, device: number): VmSocket | undefined {
    let best: VmSocket | undefined
    let points = 0
    for (const socket of this.sockets) {
      if (socket.protocol !== protocol) continue
      const own = fit(socket, ends, device)
      if (own > points) [best, points] = [socket, own]
    }
    return best
  }

  /** The socket whose `struct bpf_sock` lies at an address. */
  socketAt(memory: Memory, address: number): VmSocket | undefined {
    return this.sockets.find(socket => {
      const place = socket.place(memory)
      return place === address || socket.tcpPlace(memory) === address
    })
  }
}
