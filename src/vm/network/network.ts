import { SkepError } from "../../base/index.ts"
import type {
  AttachTarget,
  DeviceName,
  Direction,
  Network,
  NetworkDevice,
  PacketOptions,
  PacketReader,
  TcEntry,
  TcFilterName,
} from "../../machine/index.ts"
import type { Core } from "../core.ts"
import type { Refusal } from "../machine.ts"
import { type Device, type DeviceOptions, makeDevice } from "../packet/device.ts"
import { type SocketOptions, VmSocket } from "../packet/socket.ts"
import type { Placed } from "../places.ts"
import type { VmProgram } from "../program.ts"
import { CgroupHooks } from "./cgroups.ts"
import { DeviceHooks } from "./hooks.ts"
import { LookupHooks } from "./lookups.ts"
import { NetfilterHooks } from "./netfilter.ts"
import { PacketSockets, VmPacketSocket } from "./packetSockets.ts"
import type { Passage } from "./passage.ts"
import { NetworkStack } from "./stack.ts"

/** The network of the embedded machine: devices of its environment, programs at them, and packets that go through. */
export class VmNetwork implements Network {
  readonly #core: Core
  readonly #refusal: Refusal | undefined
  readonly #hooks = new DeviceHooks()
  readonly #cgroups: CgroupHooks
  readonly #sockets: PacketSockets
  readonly #lookups = new LookupHooks()
  readonly #netfilter = new NetfilterHooks()
  readonly #stack: NetworkStack

  constructor(core: Core, refusal: Refusal | undefined) {
    this.#core = core
    this.#refusal = refusal
    this.#cgroups = new CgroupHooks(id => core.environment.network.cgroupPath(id))
    this.#sockets = new PacketSockets(core)
    this.#stack = new NetworkStack(core, {
      devices: this.#hooks,
      sockets: this.#sockets,
      cgroups: this.#cgroups,
      lookups: this.#lookups,
      netfilter: this.#netfilter,
    })
  }

  devices(): readonly NetworkDevice[] {
    return [...this.#core.environment.network.devices.values()].map(device => {
      const xdp = this.#hooks.xdp(device.index)
      return {
        index: device.index,
        name: device.name,
        kind: device.peer === undefined ? undefined : "veth",
        up: true,
        mtu: device.mtu,
        address: [...device.address].map(byte => byte.toString(16).padStart(2, "0")).join(":"),
        xdp: xdp && { mode: xdp.mode, programId: xdp.program.fd },
      }
    })
  }

  /** Puts a device into the network, `eth3` with the number 3 unless it is told otherwise: its number. */
  addDevice(options: Partial<DeviceOptions> = {}): number {
    const { devices } = this.#core.environment.network
    const index = options.index ?? Math.max(...devices.keys()) + 1
    devices.set(index, makeDevice({ ...options, index }))
    return index
  }

  /** Opens a socket: its descriptor, which tables of sockets take. @throws SkepError PACKETS_ADDRESS */
  openSocket(options: SocketOptions): number {
    const socket = new VmSocket(options)
    this.#core.environment.network.sockets.push(socket)
    return this.#core.open(socket)
  }

  /**
   * A frame comes in at a device: XDP, raw sockets, traffic control, and programs of control groups see it as in the kernel. What became of it.
   * @throws SkepError KERNEL_NO_DEVICE, VM_ACCESS, VM_BUDGET, …
   */
  receive(device: DeviceName, frame: Uint8Array): Passage {
    return this.#stack.receive(this.#device(device), checked(frame))
  }

  /** This computer sends a frame by a device. @throws SkepError KERNEL_NO_DEVICE, VM_ACCESS, VM_BUDGET, … */
  transmit(device: DeviceName, frame: Uint8Array): Passage {
    return this.#stack.transmit(this.#device(device), checked(frame))
  }

  /** Attaches a program to a place of the network; undefined where there is no such kind of place. @throws SkepError KERNEL_NO_DEVICE, VM_PLACE_TAKEN */
  attach(program: VmProgram, target: AttachTarget): Placed | undefined {
    if (this.#refusal !== undefined) return undefined
    switch (target.kind) {
      case "xdp":
        return this.#hooks.attachXdp(this.#device(target.device).index, program, target)
      case "tc":
        return this.#hooks.attachTc(this.#device(target.device).index, program, target)
      case "socket": {
        const socket = this.#core.handled(target.fd)
        return socket instanceof VmPacketSocket ? socket.attach(program) : undefined
      }
      case "sk_lookup":
        return this.#lookups.attach(program)
      case "netfilter":
        return this.#netfilter.attach(program, target)
      case "cgroup": {
        const hook = target.hook ?? program.spec.attachType?.replace(/^cgroup_inet_/, "")
        return hook === "ingress" || hook === "egress" ? this.#cgroups.attach(hook, target.path, program) : undefined
      }
      default:
        return undefined
    }
  }

  tc(device: DeviceName, direction: Direction): readonly TcEntry[] {
    return this.#hooks.tc(this.#device(device).index, direction).map(one => ({
      method: one.method,
      kind: "bpf",
      name: one.program.name,
      programId: one.program.fd,
      prio: one.prio,
      handle: one.handle,
      protocol: one.protocol,
    }))
  }

  removeFilter(device: DeviceName, direction: Direction, { prio, handle }: TcFilterName): void {
    const refused = this.#refusal?.("removing a filter", "sched_cls")
    if (refused !== undefined) throw refused
    if (this.#hooks.removeFilter(this.#device(device).index, direction, prio, handle)) return
    throw new SkepError({
      code: "VM_NO_PLACE",
      message: `${device} ${direction} has no filter with priority ${prio} and handle ${handle}`,
      hint: "tc(device).ingress.list() shows what is there",
    })
  }

  removeXdp(device: DeviceName): void {
    const refused = this.#refusal?.("removing a program from a device", "xdp")
    if (refused !== undefined) throw refused
    this.#hooks.removeXdp(this.#device(device).index)
  }

  packets({ device, snapLength = 65536 }: PacketOptions = {}): PacketReader {
    const refused = this.#refusal?.("opening a raw socket", "socket_filter")
    if (refused !== undefined) throw refused
    return this.#sockets.open(device === undefined ? 0 : this.#device(device).index, snapLength)
  }

  #device(name: DeviceName): Device {
    for (const device of this.#core.environment.network.devices.values()) {
      if (device.name === name || device.index === name) return device
    }
    throw new SkepError({
      code: "KERNEL_NO_DEVICE",
      message: `the embedded machine has no network device ${name}`,
      hint: `it has ${this.devices()
        .map(device => device.name)
        .join(", ")}; network.addDevice({ name }) puts one in`,
    })
  }
}

/** Longest frame that a device may hand over. */
const MOST = 1 << 20

function checked(frame: Uint8Array): Uint8Array {
  if (frame.length >= 14 && frame.length <= MOST) return frame
  throw new SkepError({
    code: "VM_FRAME",
    message: `a frame of ${frame.length} bytes is none: it has a link header of 14 bytes, and ${MOST} bytes at most`,
    hint: "ethernet() of skep/test builds frames",
  })
}
