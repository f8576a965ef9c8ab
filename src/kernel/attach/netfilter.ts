import { attachTypes } from "../../isa/index.ts"
import type { NetfilterHook, NetfilterTarget } from "../../machine/index.ts"
import { linkCreate } from "../bpf/index.ts"
import { callFailed, isPermission, kernelAtLeast, permissionError } from "../host/index.ts"
import { noAttach } from "../network/missing.ts"
import { EBUSY, EOPNOTSUPP } from "../raw/index.ts"
import { type Attacher, byLink } from "./attacher.ts"

// Source: Linux include/uapi/linux/netfilter.h.
const FAMILY = { ipv4: 2, ipv6: 10 } as const
const HOOKS: readonly NetfilterHook[] = ["prerouting", "input", "forward", "output", "postrouting"]
const BPF_F_NETFILTER_IP_DEFRAG = 1

/** A hook of netfilter (Linux 6.4). */
export const netfilter: Attacher<NetfilterTarget> = {
  types: ["netfilter"],
  text: ({ family, hook, priority = 0 }) => `${family} ${hook} ${priority}`,
  open({ family, hook, priority = 0, defrag }, { program, what }) {
    const words = [FAMILY[family], HOOKS.indexOf(hook), priority >>> 0, defrag ? BPF_F_NETFILTER_IP_DEFRAG : 0]
    const fd = linkCreate(program.fd, 0, attachTypes.number("netfilter") as number, 0, words)
    if (fd >= 0) return byLink("netfilter link", fd)
    if (isPermission(-fd)) throw permissionError(what, -fd, ["CAP_BPF", "CAP_NET_ADMIN"])
    if (!kernelAtLeast("6.4")) throw noAttach(what, "netfilter links", "6.4", "attach to traffic control instead", -fd)
    throw callFailed(what, -fd, {
      hint:
        fd === -EBUSY
          ? "another program has this priority: give another one"
          : fd === -EOPNOTSUPP
            ? "the kernel was built without netfilter for this family"
            : "the first and the last priority (−2147483648 and 2147483647) are the kernel's own, and defrag takes a priority above −400",
    })
  },
}
