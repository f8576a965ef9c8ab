import { SkepError } from "../../base/index.ts"
import type { AttachTarget } from "../../machine/index.ts"
import type { ProgramType } from "../../object/index.ts"
import { attachTypeOf } from "../../object/index.ts"
import { rawTracepointOpen, traceLinkCreate } from "../bpf/index.ts"
import { callFailed, isPermission, kernelAtLeast, permissionError } from "../host/index.ts"
import type { KernelProgram } from "../program.ts"
import { type Attacher, byLink } from "./attacher.ts"
import { noCookies } from "./perf.ts"

type Bound = Extract<AttachTarget, { readonly event: string }> & { readonly cookie?: bigint | number }

/**
 * fentry, fexit, fmod_ret, LSM, typed tracepoints: the program was bound to its function when it was loaded (Linux 5.5); with a cookie 5.19.
 */
export const trampoline = (...types: ProgramType[]): Attacher<Bound> => ({
  types,
  text: target => target.event,
  open(target, { program, what }) {
    const { kind, cookie } = target
    const bound = program.spec.attach
    if (bound?.kind !== kind || !("event" in bound) || bound.event !== target.event) throw elsewhere(program, target)
    const fd =
      cookie === undefined
        ? rawTracepointOpen(undefined, program.fd)
        : traceLinkCreate(program.fd, attachTypeOf(kind) ?? 0, BigInt(cookie))
    if (fd >= 0) return byLink("trampoline", fd)
    if (isPermission(-fd)) throw permissionError(what, -fd, ["CAP_BPF", "CAP_PERFMON"])
    if (cookie !== undefined && !kernelAtLeast("5.19")) throw noCookies(what, "5.19", -fd)
    throw callFailed(what, -fd, { hint: "the kernel needs ftrace with direct calls for it; a kprobe needs less" })
  },
})

function elsewhere({ name, spec: { attach } }: KernelProgram, { kind, event }: Bound): SkepError {
  const place = attach !== undefined && "event" in attach ? `${attach.kind} ${attach.event}` : "no such place"
  return new SkepError({
    code: "KERNEL_ATTACH_TYPE",
    message: `program ${name} is bound to ${place} and cannot be attached to ${kind} ${event}`,
    hint: "a program is bound to its place when it is loaded: write a function for each place",
  })
}
