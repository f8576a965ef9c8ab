import type { AttachTarget } from "../../machine/index.ts"
import type { ProgramType } from "../../object/index.ts"
import { rawTracepointOpen } from "../bpf/index.ts"
import { callFailed, isPermission, permissionError } from "../host/index.ts"
import { type Attacher, byLink } from "./attacher.ts"

type Bound = Extract<AttachTarget, { readonly event: string }>

/** fentry, fexit, fmod_ret, LSM, typed tracepoints: the program was bound to its function when it was loaded (Linux 5.5). */
export const trampoline = (...types: ProgramType[]): Attacher<Bound> => ({
  types,
  text: target => target.event,
  open(_, { program, what }) {
    const fd = rawTracepointOpen(undefined, program.fd)
    if (fd >= 0) return byLink("trampoline", fd)
    if (isPermission(-fd)) throw permissionError(what, -fd, ["CAP_BPF", "CAP_PERFMON"])
    throw callFailed(what, -fd, { hint: "the kernel needs ftrace with direct calls for it; a kprobe needs less" })
  },
})
