import type { NetfilterHook } from "../../machine/index.ts"
import { type Verdict, type VerdictKind, verdictOf } from "../capture/verdicts.ts"
import type { Core } from "../core.ts"
import { explainFault } from "../explainFault.ts"
import type { Device } from "../packet/device.ts"
import { ETH_HLEN, PACKET_OTHERHOST } from "../packet/link.ts"
import type { Redirect } from "../packet/redirect.ts"
import { Skb } from "../packet/skb.ts"
import { SKB_INGRESS_IFINDEX, SKB_MARK } from "../packet/skbContext.ts"
import type { VmSocket } from "../packet/socket.ts"
import { Xdp } from "../packet/xdp.ts"
import type { VmProgram } from "../program.ts"
import type { Runnable } from "../run.ts"
import type { CgroupHooks } from "./cgroups.ts"
import { endsOf } from "./ends.ts"
import { type DeviceHooks, ETH_P_ALL, type TcProgram } from "./hooks.ts"
import { type LookupHooks, lookUp } from "./lookups.ts"
import { addressToNeighbour } from "./neighbour.ts"
import { hookState, type NetfilterHooks, withHookState } from "./netfilter.ts"
import type { PacketSockets } from "./packetSockets.ts"
import { Passage } from "./passage.ts"
import { targetsOf } from "./targets.ts"

/** Devices that one packet may come through, by redirects and cables. Source: XMIT_RECURSION_LIMIT. */
const MOST_HOPS = 8

/** Programs at all places of a network. */
export interface Hooks {
  readonly devices: DeviceHooks
  readonly sockets: PacketSockets
  readonly cgroups: CgroupHooks
  readonly lookups: LookupHooks
  readonly netfilter: NetfilterHooks
}

/** Where a packet stops: false. */
type GoesOn = boolean

/**
 * The way of packets through a computer, as the kernel's network stack has it:
 *
 *     in:    XDP → raw sockets → traffic control (ingress) → netfilter (prerouting, input) → lookup of the socket → its control group
 *     out:   control group of the socket → netfilter (output, postrouting) → traffic control (egress) → raw sockets → the device, and what is at the
 *            other end of its cable
 */
export class NetworkStack {
  readonly #core: Core
  readonly #hooks: Hooks
  /** Buffers of packets that have gone. */
  readonly #skbs: Skb[] = []
  readonly #xdps: Xdp[] = []

  constructor(core: Core, hooks: Hooks) {
    this.#core = core
    this.#hooks = hooks
  }

  /** A frame comes in at a device: what becomes of it. @throws SkepError VM_ACCESS, VM_BUDGET, … */
  receive(device: Device, frame: Uint8Array): Passage {
    return this.#journey(journey => this.#comesIn(journey, device, frame, 0))
  }

  /** This computer sends a frame by a device: what becomes of it. @throws SkepError VM_ACCESS, VM_BUDGET, … */
  transmit(device: Device, frame: Uint8Array): Passage {
    return this.#journey(journey =>
      this.#withSkb(device, frame, false, skb => {
        const socket = this.#senderOf(skb)
        if (socket !== undefined && !this.#cgroup(journey, skb, "egress", socket.cgroupId)) return
        if (!this.#filtered(journey, skb, "output") || !this.#filtered(journey, skb, "postrouting")) return
        this.#leaves(journey, skb, 0)
      }),
    )
  }

  #journey(body: (passage: Passage) => void): Passage {
    const passage = new Passage()
    const { network } = this.#core.environment
    const before = network.onSend
    network.onSend = ({ device, ingress, data }) => {
      const target = network.device(device)
      if (target === undefined) return
      if (ingress) this.#withSkb(target, data, true, skb => this.#toStack(passage, skb, 1))
      else this.#withSkb(target, data, false, skb => this.#leaves(passage, skb, 1))
    }
    try {
      body(passage)
    } finally {
      network.onSend = before
    }
    return passage
  }

  /** XDP, and what comes behind it. */
  #comesIn(passage: Passage, device: Device, frame: Uint8Array, hops: number): void {
    if (hops > MOST_HOPS) return
    const attached = this.#hooks.devices.xdp(device.index)
    const left =
      attached === undefined
        ? frame
        : this.#withXdp(device, frame, xdp => {
            const goesOn = this.#xdp(passage, attached.program, `xdp ${device.name}`, xdp, hops)
            return goesOn ? xdp.memory.copy(xdp.data, xdp.end - xdp.data) : undefined
          })
    if (left !== undefined) this.#withSkb(device, left, true, skb => this.#toStack(passage, skb, hops))
  }

  /** Runs an XDP program, and does what it says: whether the packet goes on to the network stack. */
  #xdp(passage: Passage, program: VmProgram | Runnable, place: string, xdp: Xdp, hops: number): GoesOn {
    const verdict = this.#ask(passage, "xdp", place, program, xdp)
    if (verdict.name === "pass") return true
    if (verdict.name === "tx") this.#sendFrame(passage, xdp.device, frameOf(xdp), hops)
    if (verdict.name === "redirect" && xdp.redirect !== undefined) this.#redirectXdp(passage, xdp, xdp.redirect, hops)
    return false
  }

  #redirectXdp(passage: Passage, xdp: Xdp, redirect: Redirect, hops: number): void {
    const { network } = this.#core.environment
    const frame = frameOf(xdp)
    for (const { device: index, cpu, program } of targetsOf(this.#core, redirect, xdp.device.index)) {
      const device = index === undefined ? xdp.device : network.device(index)
      if (device === undefined) continue
      const place = cpu === undefined ? `xdp devmap ${device.name}` : `xdp cpumap ${cpu}`
      const left =
        program === undefined
          ? frame
          : this.#withXdp(xdp.device, frame, copy => {
              copy.egress = device.index
              return this.#xdp(passage, program, place, copy, hops + 1) ? frameOf(copy) : undefined
            })
      if (left === undefined) continue
      if (cpu === undefined) this.#sendFrame(passage, device, left, hops)
      else this.#withSkb(device, left, true, skb => this.#toStack(passage, skb, hops + 1))
    }
  }

  /** Raw sockets, traffic control, and sockets. */
  #toStack(passage: Passage, skb: Skb, hops: number): void {
    if (hops > MOST_HOPS) return
    skb.ingress = true
    skb.setField(SKB_INGRESS_IFINDEX, skb.device.index)
    this.#hooks.sockets.see(skb, (program, seen) => this.#run(program, seen))
    if (this.#trafficControl(passage, skb, "ingress", hops)) this.#deliver(passage, skb)
  }

  #deliver(passage: Passage, skb: Skb): void {
    const isOwn = skb.packetType !== PACKET_OTHERHOST
    if (isOwn && !(this.#filtered(passage, skb, "prerouting") && this.#filtered(passage, skb, "input"))) return
    const socket = this.#receiver(passage, skb, isOwn ? endsOf(skb) : undefined)
    if (socket === "dropped") return
    if (socket !== undefined) {
      skb.socket = socket.place(this.#core.memory)
      skb.publish()
      if (!this.#cgroup(passage, skb, "ingress", socket.cgroupId)) return
    }
    passage.delivered.push({ device: skb.device.index, data: frameOf(skb), mark: skb.field(SKB_MARK), socket })
  }

  /** The socket that gets a packet: the one that traffic control chose, a connection, what programs choose, or one that listens. */
  #receiver(passage: Passage, skb: Skb, found: ReturnType<typeof endsOf>): VmSocket | "dropped" | undefined {
    const { memory, environment } = this.#core
    const assigned = skb.socket === 0 ? undefined : environment.network.socketAt(memory, skb.socket)
    if (assigned !== undefined || found === undefined) return assigned
    const socket = environment.network.socket(found.protocol, found.ends, skb.device.index)
    if (socket !== undefined && socket.peerPort !== 0) return socket
    for (const program of this.#hooks.lookups.programs) {
      const { passes, chosen } = lookUp(this.#core, found, skb.device.index, (address: number) =>
        this.#runOn(program, address, undefined),
      )
      passage.verdicts.push({ place: "sk_lookup", program: program.name, verdict: passes ? "pass" : "drop" })
      if (chosen !== undefined) return chosen
      if (!passes) return "dropped"
    }
    return socket
  }

  /** Whether netfilter lets a packet pass a hook. Its programs see it from the network header on. */
  #filtered(passage: Passage, skb: Skb, hook: NetfilterHook): GoesOn {
    const programs = this.#hooks.netfilter.programs(hook, skb.protocol)
    if (programs.length === 0) return true
    const { data, memory } = skb
    const state = hookState(hook, skb.protocol)
    skb.data = skb.network
    skb.publish()
    const accepted = programs.every(program => {
      const accepts = withHookState(memory, state, context => this.#runOn(program, context, skb)) === 1
      passage.verdicts.push({ place: `netfilter ${hook}`, program: program.name, verdict: accepts ? "accept" : "drop" })
      return accepts
    })
    skb.data = data
    skb.publish()
    return accepted
  }

  /** The socket that sends a packet: the one to which an answer would go. */
  #senderOf(skb: Skb) {
    const { network } = this.#core.environment
    const found = endsOf(skb)
    if (found === undefined) return undefined
    const { source, sourcePort, destination, destinationPort } = found.ends
    const turned = {
      source: destination,
      sourcePort: destinationPort,
      destination: source,
      destinationPort: sourcePort,
    }
    const socket = network.socket(found.protocol, turned, skb.device.index)
    if (socket !== undefined) skb.socket = socket.place(this.#core.memory)
    return socket
  }

  /** Programs of a control group see packets from the network header on. All of those that are there have to agree. */
  #cgroup(passage: Passage, skb: Skb, direction: "ingress" | "egress", id: bigint): GoesOn {
    let goesOn = true
    for (const program of this.#hooks.cgroups.programs(direction, id)) {
      skb.data = skb.network
      skb.publish()
      const verdict = this.#ask(passage, "cgroup", `cgroup ${direction}`, program, skb)
      skb.data -= ETH_HLEN
      goesOn &&= verdict.goes !== "dropped"
    }
    skb.publish()
    return goesOn
  }

  /** Whether traffic control lets a packet through. */
  #trafficControl(passage: Passage, skb: Skb, direction: "ingress" | "egress", hops: number): GoesOn {
    const place = `tc ${skb.device.name} ${direction}`
    for (const one of this.#hooks.devices.tc(skb.device.index, direction)) {
      if (one.protocol !== ETH_P_ALL && one.protocol !== skb.protocol) continue
      skb.redirect = undefined
      const verdict = this.#askTc(passage, place, one, skb)
      if (verdict.goes === "next") continue
      if (verdict.goes === "sent" && skb.redirect !== undefined) this.#redirect(passage, skb, skb.redirect, hops)
      return verdict.goes === "kind"
    }
    return true
  }

  #askTc(passage: Passage, place: string, { program, directAction, action }: TcProgram, skb: Skb): Verdict {
    if (directAction) return this.#ask(passage, "tc", place, program, skb)
    // The result is a class, 0 where the filter does not match.
    const result = this.#run(program, skb)
    passage.verdicts.push({ place, program: program.name, verdict: result === 0 ? "no match" : "match" })
    if (result === 0) return verdictOf("tc", -1)
    return action === undefined ? verdictOf("tc", 0) : this.#ask(passage, "tc", place, action, skb)
  }

  #redirect(passage: Passage, skb: Skb, { target, flags, how }: Redirect, hops: number): void {
    const { network } = this.#core.environment
    const device = network.device(target)
    if (device === undefined) return
    const peer = how === "peer" && device.peer !== undefined ? network.device(device.peer) : undefined
    if (how === "peer" && peer === undefined) return
    if (how === "neighbour" && !addressToNeighbour(skb, device, network)) return
    skb.device = peer ?? device
    skb.publish()
    if (peer !== undefined || (flags & 1) !== 0) this.#toStack(passage, skb, hops + 1)
    else this.#leaves(passage, skb, hops + 1)
  }

  /** Traffic control, raw sockets, and the device. */
  #leaves(passage: Passage, skb: Skb, hops: number): void {
    if (hops > MOST_HOPS) return
    skb.ingress = false
    if (!this.#trafficControl(passage, skb, "egress", hops)) return
    this.#hooks.sockets.see(skb, (program, seen) => this.#run(program, seen))
    this.#sendFrame(passage, skb.device, frameOf(skb), hops)
  }

  /** A frame leaves by a device; with a cable, it comes in at its other end. */
  #sendFrame(passage: Passage, device: Device, data: Uint8Array, hops: number): void {
    passage.sent.push({ device: device.index, ingress: false, data })
    const peer = device.peer === undefined ? undefined : this.#core.environment.network.device(device.peer)
    if (peer !== undefined) this.#comesIn(passage, peer, data, hops + 1)
  }

  #ask(passage: Passage, kind: VerdictKind, place: string, program: VmProgram | Runnable, packet: Skb | Xdp): Verdict {
    const verdict = verdictOf(kind, this.#run(program, packet))
    passage.verdicts.push({ place, program: program.name, verdict: verdict.name })
    return verdict
  }

  /** What a program returns for a packet, as 32 bits with a sign. */
  #run(program: VmProgram | Runnable, packet: Skb | Xdp): number {
    return this.#runOn(program, packet.context, packet)
  }

  #runOn(program: VmProgram | Runnable, context: number, packet: Skb | Xdp | undefined): number {
    const run = this.#core.takeRun()
    run.cpu = this.#core.environment.cpu()
    run.packet = packet
    try {
      return run.start("runnable" in program ? program.runnable : program, context)
    } catch (error) {
      throw explainFault(error)
    } finally {
      run.packet = undefined
      this.#core.giveRun(run)
    }
  }

  #withSkb<T>(device: Device, frame: Uint8Array, ingress: boolean, body: (skb: Skb) => T): T {
    const skb = this.#skbs.pop() ?? new Skb(this.#core.memory)
    try {
      skb.memory.u8.set(frame, skb.place(frame.length))
      skb.ingress = ingress
      skb.receive(device, true)
      return body(skb)
    } finally {
      this.#skbs.push(skb)
    }
  }

  #withXdp<T>(device: Device, frame: Uint8Array, body: (xdp: Xdp) => T): T {
    const xdp = this.#xdps.pop() ?? new Xdp(this.#core.memory)
    try {
      xdp.memory.u8.set(frame, xdp.place(frame.length))
      xdp.receive(device)
      return body(xdp)
    } finally {
      this.#xdps.push(xdp)
    }
  }
}

const frameOf = ({ memory, data, end }: Skb | Xdp): Uint8Array => memory.copy(data, end - data)
