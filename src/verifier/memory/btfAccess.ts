import { mapTypes } from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { specialFields } from "../fields/index.ts"
import type { VerifierMap } from "../input.ts"
import { isGplCompatible } from "../licence.ts"
import { EACCES, EINVAL, ENOTSUPP, EPERM } from "../refuse.ts"
import { Flag, Kind, pointerReg, type Reg, typeName, UNKNOWN } from "../reg.ts"
import { isConstant } from "../scalar/index.ts"
import { followedFlags } from "../typed/follow.ts"
import { checkKernelWrite } from "../typed/kernelWrite.ts"
import { walkStruct } from "../types/index.ts"
import type { Access } from "./access.ts"
import { mapStruct } from "./mapStruct.ts"

/**
 * An access to a structure behind a typed pointer: the register that a read leaves.
 *
 * Source: `check_ptr_to_btf_access` and `btf_struct_access`, Linux 6.1 to 6.18.
 */
export function accessBtf(env: Env, { register, size, write }: Access, off: number): Reg {
  const reg = env.regs[register]
  const { btf, aux: type, flags } = reg
  const name = btf.name(type)
  const say = (what: string): string => `R${register} is ptr_${name} ${what}`
  if (!env.perfmon) {
    env.refuse(EPERM, `'struct ${name}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN`)
  }
  const isKernels = btf !== env.input.btf
  if (isKernels && !isGplCompatible(env.input.license)) {
    env.refuse(EINVAL, `Cannot access kernel 'struct ${name}' from non-GPL compatible program`)
  }
  if (off < 0) env.refuse(EACCES, say(`invalid negative access: off=${off}`))
  const { bits } = reg.scalar
  if (!isConstant(reg.scalar) || bits.value !== 0n) {
    env.refuse(EACCES, say(`invalid variable offset: off=${off}, var_off=${bits}`))
  }
  if (flags & Flag.user) env.refuse(EACCES, say(`access user memory: off=${off}`))
  if (flags & Flag.percpu) env.refuse(EACCES, say(`access percpu memory: off=${off}`))
  const isAllocated = (flags & Flag.alloc) !== 0
  if (write) {
    if (!isAllocated) {
      checkKernelWrite(env, reg, off, size)
      return UNKNOWN
    }
  }
  if (isAllocated) {
    for (const field of specialFields(btf, type)) {
      if (off < field.offset + field.size && field.offset < off + size) {
        env.refuse(EACCES, `direct access to ${field.name} is disallowed`)
      }
    }
  }
  return readStructure(env, reg, off, size)
}

/** What a read of a structure gives. */
function readStructure(env: Env, reg: Reg, offset: number, size: number): Reg {
  const { btf, aux: type, flags } = reg
  const untrusted = (flags & Flag.untrusted) !== 0
  const isAllocated = (flags & Flag.alloc) !== 0
  const walked = walkStruct(btf, type, { offset, size, kernel: env.version, untrusted })
  switch (walked.kind) {
    case "refused":
      return env.refuse(walked.errno, walked.message)
    case "pointer": {
      // What a program has allocated holds numbers only, whatever its type says.
      if (isAllocated) return UNKNOWN
      const followed = followedFlags(env, reg, walked)
      const id = followed & Flag.maybeNull ? env.newId() : 0
      return pointerReg(Kind.btf, { flags: followed, id, aux: walked.type, ref: btf })
    }
    case "memory":
      return isAllocated ? UNKNOWN : pointerReg(Kind.mem, { flags: Flag.readOnly | Flag.untrusted, aux: 0 })
    default:
      return UNKNOWN
  }
}

/** A field of a map itself, as the kernel's structure has it: `struct bpf_map`, and what is behind it in the structure of its type. */
export function accessMapPointer(env: Env, { register, size, write }: Access, off: number, map: VerifierMap): Reg {
  const btf = env.input.kernelBtf
  if (btf === undefined) return env.refuse(EINVAL, "map_ptr access not supported without CONFIG_DEBUG_INFO_BTF")
  const struct = mapStruct(map.type)
  const type = btf.find(struct, "struct")
  if (type === 0) {
    return env.refuse(ENOTSUPP, `map_ptr access not supported for map type ${mapTypes.number(map.type)}`)
  }
  if (!env.perfmon) env.refuse(EACCES, `'struct ${struct}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN`)
  if (off < 0) env.refuse(EACCES, `R${register} is ${typeName(Kind.mapPtr, 0)} invalid negative access: off=${off}`)
  if (write) env.refuse(EACCES, `only read from ${struct} is supported`)
  return readStructure(env, pointerReg(Kind.btf, { ref: btf, aux: type }), off, size)
}
