import { attachTypes } from "../../isa/index.ts"
import type { LoadedProgram, TargetOf } from "../../machine/index.ts"
import { addClsact, addFilter, deleteClsact, deleteFilter, ETH_P_ALL, listFilters } from "../../netlink/index.ts"
import { linkCreate } from "../bpf/index.ts"
import { keepUntilExit } from "../cleanup.ts"
import { callFailed, isPermission, permissionError } from "../host/index.ts"
import { changing, findDevice, undoing } from "../network/device.ts"
import { noAttach } from "../network/missing.ts"
import { hasTcx } from "../network/tcx.ts"
import { sys } from "../raw/index.ts"
import { type Attached, type Attacher, type AttachRequest, byLink } from "./attacher.ts"

type Target = TargetOf<"tc">

/** Traffic control of a device: by a tcx link, or by a bpf filter of its clsact qdisc. */
export const tc: Attacher<Target> = {
  types: ["sched_cls"],
  text: ({ device, direction }) => `${device} ${direction}`,
  open(target, request) {
    const { index } = findDevice(target.device)
    return usesLink(target) ? openLink(index, target, request) : openFilter(index, target, request)
  },
}

/** What only filters have, and what only links have, decides where nothing is said. */
function usesLink({ method, prio, handle, protocol, replace, directAction, action, before, after }: Target): boolean {
  if (method !== undefined) return method === "tcx"
  if (before !== undefined || after !== undefined) return true
  const filter = [prio, handle, protocol, replace, directAction, action].some(option => option !== undefined)
  return !filter && hasTcx()
}

const BPF_F_BEFORE = 1 << 3
const BPF_F_AFTER = 1 << 4

function openLink(index: number, { direction, before, after }: Target, { program, what }: AttachRequest): Attached {
  if (!hasTcx()) throw noAttach(what, "tcx links", "6.6", 'attach a filter: method "filter"')
  const flags = (before === undefined ? 0 : BPF_F_BEFORE) | (after === undefined ? 0 : BPF_F_AFTER)
  const relative = before ?? after
  const relativeFd = relative === undefined || relative === "all" ? 0 : relative.fd
  const attachType = attachTypes.number(`tcx_${direction}`) as number
  const fd = linkCreate(program.fd, index, attachType, flags, [relativeFd])
  if (fd >= 0) return byLink("tcx link", fd)
  if (isPermission(-fd)) throw permissionError(what, -fd, ["CAP_BPF", "CAP_NET_ADMIN"])
  throw callFailed(what, -fd, {
    hint: "before and after name a program that is attached to the same direction of the device by a link; one program is there once",
  })
}

/** Devices that skep gave their clsact qdisc. */
const ownQdiscs = new Set<number>()

function openFilter(index: number, target: Target, { program, what }: AttachRequest): Attached {
  const calls = sys()
  const { direction, prio = 0, handle = 0, protocol = ETH_P_ALL, replace = false, action } = target
  const directAction = target.directAction ?? action === undefined
  const run = ({ fd, name }: LoadedProgram) => ({ fd, name, directAction, action })
  const place = changing(what, () => {
    if (addClsact(calls, index)) ownQdiscs.add(index)
    try {
      return addFilter(calls, { index, direction, prio, handle, protocol }, run(program), replace, what)
    } catch (error) {
      undoing(() => removeEmptyQdisc(index))
      throw error
    }
  })
  return {
    method: `tc filter, prio ${place.prio}, handle ${place.handle}`,
    update: next => changing(what, () => void addFilter(calls, place, run(next), true, what)),
    close: keepUntilExit(() => {
      undoing(() => deleteFilter(calls, place, what))
      undoing(() => removeEmptyQdisc(index))
    }),
  }
}

/** Takes the clsact qdisc away that skep made, when no filter is left in it. */
export function removeEmptyQdisc(index: number): void {
  const calls = sys()
  if (!ownQdiscs.has(index)) return
  if ((["ingress", "egress"] as const).some(direction => listFilters(calls, index, direction).length > 0)) return
  ownQdiscs.delete(index)
  deleteClsact(calls, index)
}
