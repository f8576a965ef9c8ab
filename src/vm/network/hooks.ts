import { SkepError } from "../../base/index.ts"
import type { Direction, TcTarget, XdpMode, XdpTarget } from "../../machine/index.ts"
import type { Placed } from "../places.ts"
import type { VmProgram } from "../program.ts"

/** EtherType of a filter that takes every packet. */
export const ETH_P_ALL = 3

/** A program in the traffic control of a device. */
export interface TcProgram {
  readonly program: VmProgram
  /** `tcx` programs are asked first; they are in no order but that of their list. */
  readonly method: "tcx" | "filter"
  readonly prio: number
  readonly handle: number
  readonly protocol: number
  /** False: the result is a class, and `action` runs where it is not 0. */
  readonly directAction: boolean
  readonly action?: VmProgram
}

/** The XDP program of a device. */
export interface XdpProgram {
  readonly program: VmProgram
  readonly mode: XdpMode
}

/** Programs at the devices of a machine's network, by the number of the device. */
export class DeviceHooks {
  readonly #xdp = new Map<number, XdpProgram>()
  readonly #tc = new Map<string, TcProgram[]>()

  /** The XDP program of a device. */
  xdp(device: number): XdpProgram | undefined {
    return this.#xdp.get(device)
  }

  /** Programs in a direction of a device's traffic control, in the order in which they are asked. */
  tc(device: number, direction: Direction): readonly TcProgram[] {
    return this.#tc.get(`${direction} ${device}`) ?? []
  }

  /** Puts a program on a device. @throws SkepError VM_PLACE_TAKEN */
  attachXdp(device: number, program: VmProgram, target: XdpTarget): Placed {
    const { mode = "native", replace = false } = target
    const there = this.#xdp.get(device)
    if (there !== undefined && !replace) throw taken(`device ${target.device}`, there.program.name)
    const own = { program, mode }
    this.#xdp.set(device, own)
    return {
      place: `xdp ${target.device}`,
      method: "link",
      detach: () => void (this.#xdp.get(device) === own && this.#xdp.delete(device)),
    }
  }

  /** Takes the XDP program off a device. */
  removeXdp(device: number): void {
    this.#xdp.delete(device)
  }

  /** Puts a program into the traffic control of a device. @throws SkepError VM_PLACE_TAKEN, VM_UNSUPPORTED */
  attachTc(device: number, program: VmProgram, target: TcTarget): Placed {
    const { direction } = target
    const key = `${direction} ${device}`
    const list = this.#tc.get(key) ?? []
    const entry = entryOf(program, target, list)
    const same = (one: TcProgram): boolean =>
      entry.method === "filter" && one.method === "filter" && one.prio === entry.prio && one.handle === entry.handle
    const there = list.find(same)
    if (there !== undefined && !target.replace) {
      throw taken(`priority ${entry.prio}, handle ${entry.handle} of ${target.device} ${direction}`, there.program.name)
    }
    const others = list.filter(one => one !== there)
    others.splice(indexFor(entry, target, others), 0, entry)
    this.#tc.set(key, others)
    return {
      place: `tc ${target.device} ${direction}`,
      method: entry.method === "tcx" ? "link" : "filter",
      detach: () => this.#remove(key, one => one === entry),
    }
  }

  /** Takes a filter away: whether there was one. */
  removeFilter(device: number, direction: Direction, prio: number, handle: number): boolean {
    return this.#remove(
      `${direction} ${device}`,
      one => one.method === "filter" && one.prio === prio && one.handle === handle,
    )
  }

  #remove(key: string, which: (one: TcProgram) => boolean): boolean {
    const list = this.#tc.get(key) ?? []
    const left = list.filter(one => !which(one))
    this.#tc.set(key, left)
    return left.length < list.length
  }
}

/** Options that only filters have. */
const FILTER_OPTIONS = ["prio", "handle", "protocol", "replace", "directAction", "action"] as const

function entryOf(program: VmProgram, target: TcTarget, list: readonly TcProgram[]): TcProgram {
  const isFilter = target.method === "filter" || FILTER_OPTIONS.some(option => target[option] !== undefined)
  const action = target.action as VmProgram | undefined
  if (!isFilter) return { program, method: "tcx", prio: 0, handle: 0, protocol: ETH_P_ALL, directAction: true }
  const prios = list.flatMap(one => (one.method === "filter" ? one.prio : []))
  // As the kernel: in front of those that are there, from 49152 on downwards.
  const prio = target.prio ?? Math.min(49153, ...prios) - 1
  const handles = list.flatMap(one => (one.method === "filter" && one.prio === prio ? one.handle : []))
  const handle = target.handle ?? Math.max(0, ...handles) + 1
  const { protocol = ETH_P_ALL, directAction = true } = target
  return { program, method: "filter", prio, handle, protocol, directAction, action }
}

/** Links are asked before filters, at the end of links unless they say where; filters by their priorities and handles. */
function indexFor(entry: TcProgram, { before, after }: TcTarget, list: readonly TcProgram[]): number {
  if (entry.method === "filter") {
    const index = list.findIndex(
      one =>
        one.method === "filter" && (one.prio > entry.prio || (one.prio === entry.prio && one.handle > entry.handle)),
    )
    return index < 0 ? list.length : index
  }
  const links = list.filter(one => one.method === "tcx").length
  if (before === "all") return 0
  const other = before ?? (after === "all" ? undefined : after)
  if (other === undefined) return links
  const index = list.findIndex(one => one.method === "tcx" && one.program === other)
  if (index >= 0) return before === undefined ? index + 1 : index
  throw new SkepError({
    code: "VM_UNSUPPORTED",
    message: `program ${other.name} is not there, and ${entry.program.name} cannot be put beside it`,
    hint: "name a program that has a link to the same direction of the device",
  })
}

const taken = (where: string, program: string): SkepError =>
  new SkepError({
    code: "VM_PLACE_TAKEN",
    message: `${where} has program ${program} already`,
    hint: "detach that one, or ask for its place with replace: true",
  })
