import { NetlinkError } from "./error.ts"
import { Attributes, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, type Received, text } from "./message.ts"
import { type SocketCalls, withNetlink } from "./socket.ts"

/** A queueing discipline of a device. */
export interface Qdisc {
  /** Index of the device. */
  readonly index: number
  /** `clsact`, `noqueue`, `fq_codel`, … */
  readonly kind: string
  readonly handle: number
  readonly parent: number
}

// Sources: Linux include/uapi/linux/rtnetlink.h, include/uapi/linux/pkt_sched.h.
const RTM_NEWQDISC = 36
const RTM_DELQDISC = 37
const RTM_GETQDISC = 38
/** Bytes of `struct tcmsg`. */
export const TCMSG = 20
export const TCA_KIND = 1
export const TCA_OPTIONS = 2
/** `TC_H_CLSACT`, the parent of a clsact qdisc. */
const CLSACT_PARENT = 0xffff_fff1
const CLSACT_HANDLE = 0xffff_0000
const EEXIST = 17

/** `struct tcmsg`: u8 family, pad; i32 index; u32 handle, parent, info. */
export function tcmsg(index: number, handle: number, parent: number, info: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(0, index, handle, parent, info).buffer)
}

/** What the head of a `struct tcmsg` says. */
export function readTcmsg({ body }: Received): { index: number; handle: number; parent: number; info: number } {
  const view = new DataView(body.buffer, body.byteOffset)
  return {
    index: view.getInt32(4, true),
    handle: view.getUint32(8, true),
    parent: view.getUint32(12, true),
    info: view.getUint32(16, true),
  }
}

/** The qdiscs of a device. */
export function listQdiscs(calls: SocketCalls, index: number): Qdisc[] {
  const request = { type: RTM_GETQDISC, flags: NLM_F_DUMP, header: tcmsg(index, 0, 0, 0), attributes: [] }
  return withNetlink(calls, ask => ask(request, "listing qdiscs"))
    .filter(({ type, body }) => type === RTM_NEWQDISC && body.length >= TCMSG)
    .map(received => {
      const { index, handle, parent } = readTcmsg(received)
      return { index, kind: new Attributes(received.body, TCMSG).text(TCA_KIND) ?? "", handle, parent }
    })
    .filter(qdisc => qdisc.index === index)
}

/** Gives a device the qdisc whose filters see all that comes in and goes out. False when it has one. Linux 4.5. */
export function addClsact(calls: SocketCalls, index: number): boolean {
  try {
    change(calls, index, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, "adding a clsact qdisc")
    return true
  } catch (error) {
    if (error instanceof NetlinkError && error.parts.errno === EEXIST) return false
    throw error
  }
}

/** Takes the clsact qdisc and all its filters away. */
export function deleteClsact(calls: SocketCalls, index: number): void {
  change(calls, index, RTM_DELQDISC, 0, "deleting the clsact qdisc")
}

function change(calls: SocketCalls, index: number, type: number, flags: number, what: string): void {
  const header = tcmsg(index, CLSACT_HANDLE, CLSACT_PARENT, 0)
  withNetlink(calls, ask => ask({ type, flags, header, attributes: [text(TCA_KIND, "clsact")] }, what))
}
