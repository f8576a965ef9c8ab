import { attachTypes, linkTypes } from "../../isa/index.ts"
import type { LinkDetails, LinkInfo } from "../../machine/index.ts"
import { objInfo } from "../bpf/index.ts"
import { callFailed } from "../host/index.ts"
import { sys } from "../raw/index.ts"

const SIZE = 128
/** Room for the name of a tracepoint or of an iterator's target. */
const NAME = 128

/**
 * Asks the kernel about a link by its descriptor.
 *
 *     struct bpf_link_info { u32 type, id, prog_id; union { … } at byte 16; }
 *
 * Throws `KERNEL_CALL` before Linux 5.8.
 */
export function linkInfo(fd: number): LinkInfo {
  const bytes = new Uint8Array(SIZE)
  const view = new DataView(bytes.buffer)
  ask(fd, bytes)
  const type = linkTypes.name(view.getUint32(0, true))
  const name = new Uint8Array(NAME)
  if (type === "raw_tracepoint" || type === "iter") {
    // These tell a name, to a buffer that the second question gives.
    bytes.fill(0)
    view.setBigUint64(16, BigInt(sys().address(name)), true)
    view.setUint32(24, NAME, true)
    ask(fd, bytes)
  }
  const common = { id: view.getUint32(4, true), programId: view.getUint32(8, true) }
  return { ...common, ...details(type, view, text(name)) }
}

function ask(fd: number, info: Uint8Array): void {
  const result = objInfo(fd, info)
  if (result < 0)
    throw callFailed("asking about a link", -result, { hint: "links tell about themselves since Linux 5.8" })
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, Math.max(0, bytes.indexOf(0))))

/** `enum bpf_perf_event_type`. */
const PERF_EVENTS = ["unknown", "uprobe", "uretprobe", "kprobe", "kretprobe", "tracepoint", "event"] as const

function details(type: string | undefined, view: DataView, name: string): LinkDetails {
  const u32 = (offset: number): number => view.getUint32(offset, true)
  const attachType = (offset: number): string => attachTypes.name(u32(offset)) ?? String(u32(offset))
  switch (type) {
    case "raw_tracepoint":
      return { type, tracepoint: name }
    case "tracing":
      return { type, attachType: attachType(16), targetObjectId: u32(20), targetTypeId: u32(24) }
    case "cgroup":
      return { type, cgroupId: view.getBigUint64(16, true), attachType: attachType(24) }
    case "iter":
      return { type, target: name }
    case "netns":
      return { type, inode: u32(16), attachType: attachType(20) }
    case "xdp":
      return { type, ifindex: u32(16) }
    case "tcx":
    case "netkit":
      return { type, ifindex: u32(16), attachType: attachType(20) }
    case "struct_ops":
      return { type, mapId: u32(16) }
    case "sockmap":
      return { type, mapId: u32(16), attachType: attachType(20) }
    case "netfilter":
      return { type, family: u32(16), hook: u32(20), priority: view.getInt32(24, true), flags: u32(28) }
    case "perf_event":
      return { type, event: PERF_EVENTS[u32(16)] ?? "unknown" }
    case "kprobe_multi":
      return { type, count: u32(24) }
    case "uprobe_multi":
      return { type, count: u32(52), pid: u32(60) }
    default:
      return { type: "other", number: u32(0) }
  }
}
