import { SkepError } from "../base/index.ts"
import { attachTypes } from "../isa/index.ts"
import { type AttachSpec, type Bound, boundTo, usualPlace } from "../object/index.ts"
import type { ProgLoad } from "./bpf/index.ts"
import { noFunction } from "./externs.ts"
import type { KernelType } from "./kernelTypes.ts"
import type { LoadProgram } from "./loadProgram.ts"
import { replacedFunction } from "./replace.ts"

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
  const bound = attach && boundTo(attach.kind)
  const attachType = bound?.attachType ?? spec.attachType ?? usualPlace(load.type)
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
