import { closeSync, openSync } from "node:fs"
import { SkepError } from "../../base/index.ts"
import { attachTypes } from "../../isa/index.ts"
import type { NetnsTarget } from "../../machine/index.ts"
import { linkCreate } from "../bpf/index.ts"
import { callFailed, isPermission, permissionError } from "../host/index.ts"
import { noAttach } from "../network/missing.ts"
import { EBADF, EEXIST, EINVAL } from "../raw/index.ts"
import { type Attacher, byLink } from "./attacher.ts"

/** A network namespace: socket lookups of its listeners, or the dissection of its packets' headers. */
export const netns = (kind: "sk_lookup" | "flow_dissector", minKernel: string): Attacher<NetnsTarget> => ({
  types: [kind],
  text: ({ netns }) => netns ?? "of this network namespace",
  open({ netns }, { program, what }) {
    const folder = openNamespace(netns ?? "/proc/thread-self/ns/net", what)
    try {
      const fd = linkCreate(program.fd, folder, attachTypes.number(kind) as number)
      if (fd >= 0) return byLink("netns link", fd)
      if (isPermission(-fd)) throw permissionError(what, -fd, ["CAP_BPF", "CAP_NET_ADMIN"])
      if (fd === -EINVAL) {
        const instead =
          netns === undefined ? "attach to traffic control instead" : `or ${netns} is no network namespace`
        throw noAttach(what, `links of ${kind} programs`, minKernel, instead, EINVAL)
      }
      throw callFailed(what, -fd, {
        hint: fd === -EEXIST ? "the namespace has a program of this kind already: detach it first" : undefined,
      })
    } finally {
      closeSync(folder)
    }
  },
})

function openNamespace(path: string, what: string): number {
  try {
    return openSync(path, "r")
  } catch (cause) {
    throw new SkepError({
      code: "KERNEL_NO_NETNS",
      message: `${what}: there is no network namespace at ${path}`,
      hint: "namespaces are at /run/netns/NAME and /proc/PID/ns/net",
      errno: EBADF,
      cause,
    })
  }
}
