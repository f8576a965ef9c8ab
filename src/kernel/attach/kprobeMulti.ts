import type { KprobeMultiTarget } from "../../machine/index.ts"
import { kprobeMultiCreate } from "../bpf/index.ts"
import { canKprobeMulti } from "../features.ts"
import { callFailed, isPermission, permissionError } from "../host/index.ts"
import { type Attached, type Attacher, type AttachRequest, byLink } from "./attacher.ts"
import { openKprobe } from "./kprobe.ts"
import { attachEach } from "./many.ts"
import { functionsOfPattern } from "./probeable.ts"

/** Many functions: by one link where the kernel has such links (Linux 5.18), else by a probe for each. */
export const kprobeMulti: Attacher<KprobeMultiTarget> = {
  types: ["kprobe"],
  text: ({ event, functions }) => (functions === undefined ? event : `${event} (${functions.length} functions)`),
  open(target, request) {
    const functions = target.functions ?? functionsOfPattern(target.event)
    const ret = target.kind === "kretprobe_multi"
    if (canKprobeMulti() >= 0) return byOneLink(target, functions, ret, request)
    const open = (place: string | bigint, i: number): Attached => {
      const where = typeof place === "string" ? { symbol: place } : { symbol: "", address: place }
      return openKprobe({ ...where, offset: 0, ret, cookie: target.cookies?.[i] }, request.program.fd, request.what)
    }
    return attachEach("perf kprobe", functions, open, target.onProgress)
  },
}

/** The kernel takes names or addresses, not both: where all have names, these, else the programs' functions one kind a link. */
function byOneLink(
  { cookies }: KprobeMultiTarget,
  functions: readonly (string | bigint)[],
  ret: boolean,
  { program, owner, what }: AttachRequest,
): Attached {
  const { fd: programFd } = owner.variant(program, "trace_kprobe_multi")
  const cookieOf = (i: number): bigint => BigInt(cookies?.[i] ?? 0)
  const kinds = (["string", "bigint"] as const).map(kind => {
    const chosen = [...functions.keys()].filter(i => typeof functions[i] === kind)
    const places = chosen.map(i => functions[i])
    const of = kind === "string" ? { names: places as string[] } : { addresses: places as bigint[] }
    return { ...of, count: places.length, cookies: cookies && chosen.map(cookieOf) }
  })
  const links = kinds.filter(({ count }) => count > 0)
  const make = ({ names, addresses, cookies: own }: (typeof links)[number]): Attached => {
    const fd = kprobeMultiCreate(programFd, { names, addresses, cookies: own, ret })
    if (fd >= 0) return byLink("kprobe.multi", fd)
    if (isPermission(-fd)) throw permissionError(what, -fd, ["CAP_PERFMON"])
    throw callFailed(what, -fd, {
      hint: "one of the functions is not in available_filter_functions, or its name is not its own",
    })
  }
  return links.length === 1 ? make(links[0]) : attachEach("kprobe.multi", links, make, undefined)
}
