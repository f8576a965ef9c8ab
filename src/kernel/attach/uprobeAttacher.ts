import { SkepError } from "../../base/index.ts"
import type { UprobeTarget } from "../../machine/index.ts"
import { type Binary, findAddress, findBinary, findFunctions, type ProbePlace } from "../../symbols/index.ts"
import { canUprobeMulti } from "../features.ts"
import type { Attacher, AttachRequest } from "./attacher.ts"
import { type OpenUprobe, openUprobeMulti, openUprobes, type Uprobe } from "./uprobe.ts"

/** Functions of a program or library, or a place that was given by its address. */
export const uprobe: Attacher<UprobeTarget> = {
  types: ["kprobe"],
  text: ({ path, event, address, offset, pid }) => {
    const place = event === undefined ? `0x${(address ?? 0).toString(16)}` : String(event)
    return `${path}:${place}${offset ? `+${offset}` : ""}${pid === undefined ? "" : ` of process ${pid}`}`
  },
  open(target, request) {
    const { pid, cookie, kind, offset = 0 } = target
    const binary = findBinary(target.path, pid)
    const ret = kind === "uretprobe"
    const probes = places(target, binary).map(
      (place): Uprobe => ({ path: binary.path, offset: place.fileOffset + offset, ret, pid, cookie }),
    )
    return openProbes(probes, request)
  },
}

/**
 * Runs a program at places of a file: by events of perf. By a link where the program was loaded for one, or where perf asks for rights that this process
 * has not (CAP_SYS_ADMIN since Linux 6.16) and links do not.
 */
export function openProbes(probes: readonly Uprobe[], { program, owner, what }: AttachRequest): OpenUprobe {
  if (isMulti(program.spec.attachType)) return openUprobeMulti(probes, program.fd, what)
  try {
    return openUprobes(probes, program.fd, what)
  } catch (error) {
    if (!(error instanceof SkepError) || error.code !== "KERNEL_NO_PERMISSION" || !canUprobeMulti()) throw error
    return openUprobeMulti(probes, owner.variant(program, "trace_uprobe_multi").fd, what)
  }
}

/** Programs that were loaded for many places at once can be attached in no other way. */
const isMulti = (attachType: string | undefined): boolean =>
  attachType === "trace_uprobe_multi" || attachType === "trace_uprobe_session"

function places({ event, address, path, pid }: UprobeTarget, binary: Binary): ProbePlace[] {
  if (event !== undefined) return findFunctions(binary, globbed(event), pid)
  if (address !== undefined) return [findAddress(binary, address)]
  throw new SkepError({
    code: "MACHINE_NO_TARGET",
    message: `nothing says which function of ${path} is to be probed`,
    hint: "give a function's name, an expression that names match, or an address",
  })
}

/** A section's name can have `*` and `?` in place of letters. */
function globbed(event: string | RegExp): string | RegExp {
  if (typeof event !== "string" || !/[*?]/.test(event)) return event
  const pattern = event
    .replace(/[.^$+()[\]{}|\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".")
  return new RegExp(`^${pattern}$`)
}
