import { sizeOf } from "../../btf/index.ts"
import * as o from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { EINVAL } from "../refuse.ts"
import { Flag, Kind, pointerReg, type Reg, scalarReg, UNKNOWN } from "../reg.ts"
import { constant } from "../scalar/index.ts"
import { subprogramAt } from "../structure/subprograms.ts"

/** A 64-bit immediate load: a number, a map, a value of one, a function, or something of the kernel's. */
export function checkConstant(env: Env): void {
  const { code, slot } = env
  if (code.op[slot] !== o.OP_LDDW) env.refuse(EINVAL, "invalid BPF_LD_IMM insn")
  if (code.off[slot] !== 0) env.refuse(EINVAL, "BPF_LD_IMM64 uses reserved fields")
  env.checkWritable(code.dst[slot])
  env.set(code.dst[slot], loaded(env))
}

function loaded(env: Env): Reg {
  const { code, slot, mapAt } = env
  const high = code.imm[slot + 1]
  switch (code.src[slot]) {
    case 0:
      return scalarReg(constant((BigInt(high) << 32n) | BigInt(code.imm[slot] >>> 0)))
    case o.BPF_PSEUDO_BTF_ID:
      return kernelSymbol(env)
    case o.BPF_PSEUDO_FUNC:
      return functionPointer(env)
    case o.BPF_PSEUDO_MAP_VALUE:
    case o.BPF_PSEUDO_MAP_IDX_VALUE: {
      const map = mapAt[slot]
      return map?.type === "arena" ? UNKNOWN : pointerReg(Kind.mapValue, { ref: map, off: high })
    }
    default:
      return pointerReg(Kind.mapPtr, { ref: mapAt[slot] })
  }
}

function functionPointer(env: Env): Reg {
  const { code, slot } = env
  const start = slot + code.imm[slot] + 1
  const subprogram = subprogramAt(env.subprograms, start)
  if (!env.input.funcInfo?.length) env.refuse(EINVAL, "missing btf func_info")
  if (env.isGlobal(start)) env.refuse(EINVAL, "callback function not static")
  return pointerReg(Kind.func, { aux: subprogram?.index ?? 0 })
}

/** A variable or function of the kernel, by its id. */
function kernelSymbol(env: Env): Reg {
  const { code, slot, input } = env
  const fd = code.imm[slot + 1]
  const btf = fd === 0 ? input.kernelBtf : input.modules?.get(fd)
  const id = code.imm[slot]
  if (btf === undefined)
    return env.refuse(EINVAL, "kernel is missing BTF, make sure CONFIG_DEBUG_INFO_BTF=y is specified in Kconfig.")
  if (id <= 0 || id >= btf.count) return env.refuse(EINVAL, `ldimm64 insn specifies invalid btf_id ${id}.`)
  const type = btf.type(id)
  if (type.kind === "func") return pointerReg(Kind.mem, { flags: Flag.readOnly })
  if (type.kind !== "var") return env.refuse(EINVAL, `pseudo btf_id ${id} in ldimm64 isn't KIND_VAR or KIND_FUNC.`)
  const perCpu = env.perCpuVariables().has(id)
  const target = btf.resolved(type.type)
  if (perCpu) return pointerReg(Kind.btf, { flags: Flag.percpu, ref: btf, aux: btf.resolve(type.type) })
  if (target.kind === "struct") return pointerReg(Kind.btf, { ref: btf, aux: btf.resolve(type.type) })
  return pointerReg(Kind.mem, { flags: Flag.readOnly, aux: sizeOf(btf, type.type) })
}
