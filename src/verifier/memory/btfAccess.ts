import type { Env } from "../env.ts"
import { formatBits } from "../formatBits.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { Flag, Kind, pointerReg, type Reg, typeName, UNKNOWN } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"
import { walkStruct } from "../types/index.ts"
import type { Access } from "./access.ts"

/** A load from (seldom a store to) a structure of the kernel. */
export function accessBtf(env: Env, { register, size, write }: Access, off: number): Reg {
  const reg = env.regs[register]
  const name = `ptr_${reg.btf.name(reg.aux)}`
  if (!env.privileged)
    env.refuse(EACCES, `'struct ${reg.btf.name(reg.aux)}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN`)
  if (off < 0) env.refuse(EACCES, `R${register} is ${name} invalid negative access: off=${off}`)
  if (!isConstant(reg.scalar) || reg.scalar.bits.value !== 0n) {
    env.refuse(
      EACCES,
      `R${register} is ${name} invalid variable offset: off=${off}, var_off=${formatBits(reg.scalar.bits)}`,
    )
  }
  if (reg.flags & Flag.user) env.refuse(EACCES, `R${register} is ${name} access user memory: off=${off}`)
  if (reg.flags & Flag.percpu) env.refuse(EACCES, `R${register} is ${name} access percpu memory: off=${off}`)
  if (write && !(reg.flags & Flag.alloc)) env.refuse(EACCES, "only read is supported")
  return walked(env, reg, off, size)
}

function walked(env: Env, reg: Reg, offset: number, size: number): Reg {
  const untrusted = (reg.flags & Flag.untrusted) !== 0
  const found = walkStruct(reg.btf, reg.aux, { offset, size, kernel: env.version, untrusted })
  switch (found.kind) {
    case "refused":
      return env.refuse(found.errno, found.message)
    case "pointer": {
      const tag = found.tag === "user" ? Flag.user : found.tag === "percpu" ? Flag.percpu : 0
      // What a pointer in a structure leads to may be gone, unless the kernel promises otherwise.
      return pointerReg(Kind.btf, { flags: tag | (untrusted ? Flag.untrusted : 0), ref: reg.btf, aux: found.type })
    }
    case "memory":
      return pointerReg(Kind.mem, { flags: Flag.readOnly | Flag.untrusted })
    default:
      return UNKNOWN
  }
}

/** A field of a map itself, as `struct bpf_map` has it. */
export function accessMapPointer(env: Env, { register, size, write }: Access, off: number): Reg {
  const btf = env.input.kernelBtf
  const type = btf?.find("bpf_map", "struct") ?? 0
  if (btf === undefined || type === 0)
    return env.refuse(EINVAL, "map_ptr access not supported without CONFIG_DEBUG_INFO_BTF")
  if (!env.privileged) env.refuse(EACCES, "'struct bpf_map' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN")
  if (off < 0) env.refuse(EACCES, `R${register} is ${typeName(Kind.mapPtr, 0)} invalid negative access: off=${off}`)
  if (write) env.refuse(EACCES, "only read from bpf_map is supported")
  return walked(env, pointerReg(Kind.btf, { ref: btf, aux: type }), off, size)
}
