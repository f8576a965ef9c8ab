import * as o from "../../isa/index.ts"
import { leaks } from "../alu/check.ts"
import type { Env } from "../env.ts"
import { checkAccess } from "../memory/access.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { Kind, typeName } from "../reg.ts"
import { notePointer } from "./pointerKinds.ts"

/** Kinds of memory that no atomic operation may touch. */
const FORBIDDEN = new Set<Kind>([
  Kind.ctx,
  Kind.packet,
  Kind.packetMeta,
  Kind.packetEnd,
  Kind.flowKeys,
  Kind.socket,
  Kind.sockCommon,
  Kind.tcpSock,
  Kind.xdpSock,
])

function checkKind(env: Env, register: number, way: string): void {
  const { kind, flags } = env.regs[register]
  if (FORBIDDEN.has(kind)) {
    env.refuse(EACCES, `BPF_ATOMIC ${way} R${register} ${typeName(kind, flags)} is not allowed`)
  }
}

/** An atomic operation on memory. */
export function checkAtomic(env: Env): void {
  const { code, slot } = env
  const imm = code.imm[slot]
  switch (imm) {
    case o.BPF_ADD:
    case o.BPF_ADD | o.BPF_FETCH:
    case o.BPF_AND:
    case o.BPF_AND | o.BPF_FETCH:
    case o.BPF_OR:
    case o.BPF_OR | o.BPF_FETCH:
    case o.BPF_XOR:
    case o.BPF_XOR | o.BPF_FETCH:
    case o.BPF_XCHG:
    case o.BPF_CMPXCHG:
      checkReadModifyWrite(env)
      return
    case o.BPF_LOAD_ACQ:
      if (env.atLeast(6, 15)) {
        checkLoadAcquire(env)
        return
      }
      break
    case o.BPF_STORE_REL:
      if (env.atLeast(6, 15)) {
        checkStoreRelease(env)
        return
      }
  }
  env.refuse(EINVAL, `BPF_ATOMIC uses invalid atomic opcode ${hex(imm)}`)
}

const hex = (value: number): string => (value >>> 0).toString(16).padStart(2, "0")

function checkReadModifyWrite(env: Env): void {
  const { code, slot } = env
  const size = o.sizeBytes(code.op[slot])
  const [dst, src, off, imm] = [code.dst[slot], code.src[slot], code.off[slot], code.imm[slot]]
  if (size < 4) env.refuse(EINVAL, "invalid atomic operand size")
  const value = env.read(src)
  env.read(dst)
  if (imm === o.BPF_CMPXCHG && leaks(env, env.read(0))) env.refuse(EACCES, "R0 leaks addr into mem")
  if (leaks(env, value)) env.refuse(EACCES, `R${src} leaks addr into mem`)
  checkKind(env, dst, "stores into")
  const loaded = imm === o.BPF_CMPXCHG ? 0 : imm & o.BPF_FETCH ? src : undefined
  if (loaded !== undefined) env.checkWritable(loaded)
  const access = { register: dst, off, size, aligned: true }
  const address = env.regs[dst]
  notePointer(env, address, true)
  checkAccess(env, { ...access, write: false, value: undefined })
  if (loaded !== undefined) checkAccess(env, { ...access, write: false, value: loaded })
  const result = env.regs[dst]
  env.regs[dst] = address
  checkAccess(env, { ...access, write: true, value: undefined })
  env.regs[dst] = result
}

function checkLoadAcquire(env: Env): void {
  const { code, slot } = env
  const [dst, src] = [code.dst[slot], code.src[slot]]
  const address = env.read(src)
  env.checkWritable(dst)
  checkKind(env, src, "loads from")
  const size = o.sizeBytes(code.op[slot])
  notePointer(env, address, false)
  checkAccess(env, { register: src, off: code.off[slot], size, write: false, value: dst, aligned: true })
}

function checkStoreRelease(env: Env): void {
  const { code, slot } = env
  const [dst, src] = [code.dst[slot], code.src[slot]]
  env.read(src)
  const address = env.read(dst)
  checkKind(env, dst, "stores into")
  const size = o.sizeBytes(code.op[slot])
  notePointer(env, address, false)
  checkAccess(env, { register: dst, off: code.off[slot], size, write: true, value: src, aligned: true })
}
