import { attachTypes } from "../../isa/index.ts"
import type { TargetOf, XdpMode } from "../../machine/index.ts"
import { type Device, setXdp, XDP_FLAGS } from "../../netlink/index.ts"
import { linkCreate } from "../bpf/index.ts"
import { keepUntilExit } from "../cleanup.ts"
import { callFailed, isPermission, permissionError } from "../host/index.ts"
import { programInfo } from "../info/programInfo.ts"
import { changing, findDevice, undoing } from "../network/device.ts"
import { EBUSY, EEXIST, EINVAL, EOPNOTSUPP, sys } from "../raw/index.ts"
import { type Attached, type Attacher, type AttachRequest, byLink } from "./attacher.ts"

type Target = TargetOf<"xdp">

/** XDP on a device: by a link (Linux 5.9), by netlink (4.8) where there are none or a program's place is taken over. */
export const xdp: Attacher<Target> = {
  types: ["xdp"],
  text: ({ device, mode }) => `${device}${mode === undefined ? "" : ` ${mode}`}`,
  open(target, request) {
    const device = findDevice(target.device)
    if (target.replace) return openByNetlink(device, target, request)
    const fd = linkCreate(request.program.fd, device.index, BPF_XDP, flagsOf(target.mode))
    if (fd >= 0) return byLink("xdp link", fd)
    // What a kernel without such links says; where it means something else, netlink refuses it, too, and has words for it.
    if (fd === -EINVAL) return openByNetlink(device, target, request)
    throw failed(-fd, request.what)
  },
}

const BPF_XDP = attachTypes.number("xdp") as number

export const flagsOf = (mode: XdpMode | undefined): number => (mode === undefined ? 0 : XDP_FLAGS[mode])

function openByNetlink({ index }: Device, { mode, replace }: Target, { program, what }: AttachRequest): Attached {
  const put = (fd: number, flags = 0): void =>
    changing(what, () => setXdp(sys(), index, fd, flagsOf(mode) | flags, what))
  put(program.fd, replace ? 0 : XDP_FLAGS.ifAbsent)
  let { id } = programInfo(program.fd)
  return {
    method: "xdp by netlink",
    update(next) {
      put(next.fd)
      id = programInfo(next.fd).id
    },
    close: keepUntilExit(() =>
      undoing(() => {
        // Somebody else's program in its place stays.
        if (isThere(index, id)) setXdp(sys(), index, -1, flagsOf(mode), what)
      }),
    ),
  }
}

function isThere(index: number, programId: number): boolean {
  try {
    return findDevice(index).xdp?.programId === programId
  } catch {
    return false
  }
}

function failed(errno: number, what: string): Error {
  if (isPermission(errno)) return permissionError(what, errno, ["CAP_BPF", "CAP_NET_ADMIN"])
  const hint =
    errno === EBUSY || errno === EEXIST
      ? "the device has an XDP program already: detach it, or attach with replace: true"
      : errno === EOPNOTSUPP
        ? 'the driver has no XDP in this mode, or the packets are too large for it: attach with mode: "generic"'
        : undefined
  return callFailed(what, errno, { hint })
}
