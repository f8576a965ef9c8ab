import {
  type Attribute,
  Attributes,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_ECHO,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  nested,
  type Received,
  text,
  u32,
} from "./message.ts"
import { readTcmsg, TCA_KIND, TCA_OPTIONS, TCMSG, tcmsg } from "./qdisc.ts"
import { type SocketCalls, withNetlink } from "./socket.ts"

export type Direction = "ingress" | "egress"

/** A filter's place in the clsact qdisc of a device. */
export interface FilterPlace {
  /** Index of the device. */
  readonly index: number
  readonly direction: Direction
  /** 1 is asked first; 0 lets the kernel choose one below all others. */
  readonly prio: number
  /** 0 lets the kernel choose. */
  readonly handle: number
  /** EtherType, `ETH_P_ALL` for every packet. */
  readonly protocol: number
}

/** What a filter runs. */
export interface FilterProgram {
  readonly fd: number
  readonly name: string
  /** The program's return value is the verdict (`TC_ACT_…`), not a class. */
  readonly directAction: boolean
  /** A program of type sched_act that runs as an action where the filter's own program matches (act_bpf). */
  readonly action?: { readonly fd: number; readonly name: string }
}

/** A filter as the kernel lists it. */
export interface Filter extends FilterPlace {
  /** `bpf`, `u32`, `matchall`, … */
  readonly kind: string
  /** Name of a bpf filter, as it was given. */
  readonly name: string | undefined
  /** Id of its program in the kernel; 0 where it has none of BPF. */
  readonly programId: number
  readonly directAction: boolean
}

// Sources: Linux include/uapi/linux/rtnetlink.h, pkt_cls.h, tc_act/tc_bpf.h, if_ether.h.
const RTM_NEWTFILTER = 44
const RTM_DELTFILTER = 45
const RTM_GETTFILTER = 46
export const ETH_P_ALL = 3
const PARENT = { ingress: 0xffff_fff2, egress: 0xffff_fff3 } as const
const TCA_BPF_ACT = 1
const TCA_BPF_FD = 6
const TCA_BPF_NAME = 7
const TCA_BPF_FLAGS = 8
const TCA_BPF_ID = 11
const TCA_BPF_FLAG_ACT_DIRECT = 1
const TCA_ACT_KIND = 1
const TCA_ACT_OPTIONS = 2
const TCA_ACT_BPF_PARMS = 2
const TCA_ACT_BPF_FD = 5
const TCA_ACT_BPF_NAME = 6
const TC_ACT_PIPE = 3

const swap16 = (value: number): number => ((value & 0xff) << 8) | (value >> 8)
const infoOf = ({ prio, protocol }: FilterPlace): number => prio * 0x1_0000 + swap16(protocol)
const headerOf = (place: FilterPlace): Uint8Array =>
  tcmsg(place.index, place.handle, PARENT[place.direction], infoOf(place))

/**
 * Adds a bpf filter; with `replace` in place of the one there. Where it came to be: with the priority and the handle the kernel chose.
 * Linux 4.1, with direct action 4.4.
 */
export function addFilter(
  calls: SocketCalls,
  place: FilterPlace,
  program: FilterProgram,
  replace: boolean,
  what: string,
): FilterPlace {
  const { fd, name, directAction, action } = program
  const options: Attribute[] = [u32(TCA_BPF_FD, fd), text(TCA_BPF_NAME, name)]
  if (directAction) options.push(u32(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT))
  if (action !== undefined) options.push(nested(TCA_BPF_ACT, actionOf(action)))
  const echoed = withNetlink(calls, ask =>
    ask(
      {
        type: RTM_NEWTFILTER,
        flags: NLM_F_CREATE | NLM_F_ECHO | (replace ? NLM_F_REPLACE : NLM_F_EXCL),
        header: headerOf(place),
        attributes: [text(TCA_KIND, "bpf"), nested(TCA_OPTIONS, ...options)],
      },
      what,
    ),
  )
  const made = echoed.find(({ type, body }) => type === RTM_NEWTFILTER && body.length >= TCMSG)
  if (made === undefined) return place
  const { handle, info } = readTcmsg(made)
  return { ...place, handle, prio: info >>> 16 }
}

/** The first action of a filter: `struct tc_act_bpf` is u32 index, capab; i32 action, refcnt, bindcnt. */
function actionOf({ fd, name }: { readonly fd: number; readonly name: string }): Attribute {
  const parameters = new Uint8Array(Uint32Array.of(0, 0, TC_ACT_PIPE, 0, 0).buffer)
  return nested(
    1,
    text(TCA_ACT_KIND, "bpf"),
    nested(
      TCA_ACT_OPTIONS,
      { type: TCA_ACT_BPF_PARMS, value: parameters },
      u32(TCA_ACT_BPF_FD, fd),
      text(TCA_ACT_BPF_NAME, name),
    ),
  )
}

export function deleteFilter(calls: SocketCalls, place: FilterPlace, what: string): void {
  const attributes = [text(TCA_KIND, "bpf")]
  withNetlink(calls, ask => ask({ type: RTM_DELTFILTER, flags: 0, header: headerOf(place), attributes }, what))
}

/** The filters of one direction of a device, in the order in which they are asked; none without a clsact qdisc. */
export function listFilters(calls: SocketCalls, index: number, direction: Direction): Filter[] {
  const header = tcmsg(index, 0, PARENT[direction], 0)
  const request = { type: RTM_GETTFILTER, flags: NLM_F_DUMP, header, attributes: [] }
  return (
    withNetlink(calls, ask => ask(request, "listing tc filters"))
      .filter(({ type, body }) => type === RTM_NEWTFILTER && body.length >= TCMSG)
      .map(received => filterOf(received, direction))
      // A classifier announces itself by an entry without a handle, in front of its filters.
      .filter(filter => filter.handle !== 0 && filter.index === index)
  )
}

function filterOf(received: Received, direction: Direction): Filter {
  const { index, handle, info } = readTcmsg(received)
  const attributes = new Attributes(received.body, TCMSG)
  const kind = attributes.text(TCA_KIND) ?? ""
  // The options of other kinds have the same numbers for other things.
  const options = kind === "bpf" ? attributes.nested(TCA_OPTIONS) : new Attributes(new Uint8Array(0))
  return {
    index,
    direction,
    handle,
    prio: info >>> 16,
    protocol: swap16(info & 0xffff),
    kind,
    name: options.text(TCA_BPF_NAME),
    programId: options.number(TCA_BPF_ID) ?? 0,
    directAction: ((options.number(TCA_BPF_FLAGS) ?? 0) & TCA_BPF_FLAG_ACT_DIRECT) !== 0,
  }
}
