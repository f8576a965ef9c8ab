import { SkepError } from "../../base/index.ts"
import { attachTypes } from "../../isa/index.ts"
import type { LoadedMap, LoadedProgram } from "../../machine/index.ts"
import { BPF_MAP_DELETE_ELEM, BPF_MAP_UPDATE_ELEM, linkCreate, mapElement } from "../bpf/index.ts"
import { callFailed, isPermission, permissionError } from "../host/index.ts"
import { EBUSY, EEXIST, sys } from "../raw/index.ts"
import type { StructOpsPlan } from "../structOps.ts"
import { type Attached, byLink } from "./attacher.ts"

/** The only key of such a map. */
const key = new Uint8Array(4)

/**
 * Hands a table of operations to the kernel (Linux 5.6): the value with its programs' descriptors is written to the map, which registers it at once, or
 * when a link is made of the map (`.struct_ops.link`, Linux 6.4). Throws `KERNEL_NO_PERMISSION`, `KERNEL_STRUCT_OPS_REFUSED`.
 */
export function attachTable(map: LoadedMap, plan: StructOpsPlan, programs: readonly LoadedProgram[]): Attached {
  const what = `registering the operations of map ${map.name}`
  const value = plan.data.slice()
  const view = new DataView(value.buffer)
  for (const [i, { offset }] of plan.programs.entries()) view.setBigUint64(offset, BigInt(programs[i].fd), true)
  const { address } = sys()
  const result = mapElement(BPF_MAP_UPDATE_ELEM, map.fd, address(key), address(value), 0)
  // A map that is to be linked keeps its value when the link has gone: it is linked again.
  if (result < 0 && !(map.spec.structOps?.link && -result === EBUSY)) throw refused(what, -result)
  if (!map.spec.structOps?.link) {
    return { method: "struct_ops map", close: () => void mapElement(BPF_MAP_DELETE_ELEM, map.fd, address(key), 0, 0) }
  }
  const link = linkCreate(map.fd, 0, attachTypes.number("struct_ops") as number)
  if (link < 0) throw refused(what, -link)
  return byLink("struct_ops link", link)
}

function refused(what: string, errno: number): SkepError {
  if (isPermission(errno)) return permissionError(what, errno, ["CAP_BPF", "CAP_NET_ADMIN"])
  return callFailed(what, errno, {
    code: "KERNEL_STRUCT_OPS_REFUSED",
    hint:
      errno === EEXIST || errno === EBUSY
        ? "operations of this name are registered already: give them another name, or detach the others"
        : "an operation that the kernel needs is missing, or a member has a value that it does not take: look at dmesg",
  })
}

export const notOperations = (map: LoadedMap): SkepError =>
  new SkepError({
    code: "KERNEL_NO_STRUCT_OPS",
    message: `map ${map.name} is no table of operations: it has type ${map.type}`,
    hint: 'a table of operations is a variable in a section: SEC(".struct_ops") struct tcp_congestion_ops mine = { … }',
  })
