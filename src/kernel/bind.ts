import { SkepError } from "../base/index.ts"
import type { BtfKind } from "../btf/index.ts"
import { attachTypes } from "../isa/index.ts"
import type { AttachSpec, ProgramType } from "../object/index.ts"
import type { ProgLoad } from "./bpf/index.ts"
import { noFunction } from "./externs.ts"
import type { KernelType } from "./kernelTypes.ts"
import type { LoadProgram } from "./loadProgram.ts"
import { replacedFunction } from "./replace.ts"

/** What a program of a kind is bound to when it is loaded: a prefix and a name, a kind of type, an attach type. */
interface Bound {
  readonly prefix: string
  readonly kind: BtfKind
  readonly attachType: string
}

const BOUND: Partial<Record<AttachSpec["kind"], Bound>> = {
  fentry: { prefix: "", kind: "func", attachType: "trace_fentry" },
  fexit: { prefix: "", kind: "func", attachType: "trace_fexit" },
  fmod_ret: { prefix: "", kind: "func", attachType: "modify_return" },
  lsm: { prefix: "bpf_lsm_", kind: "func", attachType: "lsm_mac" },
  lsm_cgroup: { prefix: "bpf_lsm_", kind: "func", attachType: "lsm_cgroup" },
  iter: { prefix: "bpf_iter_", kind: "func", attachType: "trace_iter" },
  tp_btf: { prefix: "btf_trace_", kind: "typedef", attachType: "trace_raw_tp" },
}

/** Where programs of types that the kernel wants to know the place of are taken to run, when nothing says it. */
const USUAL_PLACE: Partial<Record<ProgramType, string>> = {
  cgroup_sock_addr: "cgroup_inet4_connect",
  cgroup_sockopt: "cgroup_getsockopt",
  sk_lookup: "sk_lookup",
  netfilter: "netfilter",
}

/** What a program is loaded for that is bound to a place of a kind, as a number; undefined for kinds that are not bound. */
export function attachTypeOf(kind: string): number | undefined {
  const bound = (BOUND as Readonly<Record<string, Bound | undefined>>)[kind]
  return bound && attachTypes.number(bound.attachType)
}

/** The fields of a load that say what the program is for. Throws `KERNEL_NO_FUNCTION`, `KERNEL_NO_TRACEPOINT`, `KERNEL_NO_TARGET`. */
export function bindTo(load: LoadProgram): Partial<ProgLoad> {
  const { attach, spec, operations } = load
  const operation = operations.get(spec.name)
  if (operation !== undefined) return { ...place(operation.type), expectedAttachType: operation.member }
  if (load.type === "ext") {
    if (load.replaces !== undefined) return replacedFunction(load.replaces)
    throw new SkepError({
      code: "KERNEL_NO_TARGET",
      message: `program ${spec.name} replaces a function of another program, and nothing says of which one`,
      hint: `load the other program first, then: b.attachFreplace({ fn: "${spec.name}", target: other.program("main") })`,
    })
  }
  const bound = attach && BOUND[attach.kind]
  const attachType = bound?.attachType ?? spec.attachType ?? USUAL_PLACE[load.type]
  const expected = attachType === undefined ? {} : { expectedAttachType: attachTypes.number(attachType) }
  if (attach === undefined || bound === undefined) return expected
  return { ...expected, ...place(target(load, attach, bound)) }
}

const place = ({ id, fd }: KernelType): Partial<ProgLoad> => ({ attachBtfId: id, attachBtfFd: fd })

function target(load: LoadProgram, attach: AttachSpec, { prefix, kind }: Bound): KernelType {
  const name = prefix + attach.event
  const module = "module" in attach ? attach.module : undefined
  const found = (module && load.types.findIn(module, name, kind)) || load.types.find(name, kind)
  if (found !== undefined) return found
  const why = `${load.spec.name} is bound to it`
  if (attach.kind !== "tp_btf") throw noFunction(name, why)
  throw new SkepError({
    code: "KERNEL_NO_TRACEPOINT",
    message: `the kernel's type information has no tracepoint ${attach.event}`,
    why,
    hint: "the kernel's tracepoints are in /sys/kernel/tracing/events",
  })
}
