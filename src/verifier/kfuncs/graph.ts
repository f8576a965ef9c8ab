import type { Env } from "../env.ts"
import { fieldAt, recordOf } from "../fields/index.ts"
import { EINVAL } from "../refuse.ts"
import { Flag, Kind, type Reg } from "../reg.ts"
import { heldReference } from "../resources/references.ts"
import { isConstant } from "../scalar/index.ts"

/** What hangs in a list or tree: its structure, and the member by which it hangs there. */
export interface Contents {
  readonly target: number
  readonly node: string
}

const NAMES = {
  list_head: "bpf_list_head",
  rb_root: "bpf_rb_root",
  list_node: "bpf_list_node",
  rb_node: "bpf_rb_node",
} as const

const offsetOf = (reg: Reg): number => reg.off + Number(BigInt.asIntN(64, reg.scalar.bits.value))

/** The root of a list or tree, whose lock is held. Source: `__process_kf_arg_ptr_to_graph_root`, Linux 6.2 to 6.18. */
export function checkGraphRoot(env: Env, register: number, kind: "list_head" | "rb_root"): Contents {
  const reg = env.regs[register]
  const name = NAMES[kind]
  if (!isConstant(reg.scalar)) {
    env.refuse(EINVAL, `R${register} doesn't have constant offset. ${name} has to be at the constant offset`)
  }
  const field = fieldAt(recordOf(reg), offsetOf(reg))
  if (field?.kind !== name) return env.refuse(EINVAL, `${name} not found at offset=${offsetOf(reg)}`)
  if (!isLocked(env, reg)) {
    env.refuse(EINVAL, `bpf_spin_lock at off=${lockOffset(reg)} must be held for ${name}`)
  }
  return { target: field.target, node: field.node }
}

const lockOffset = (reg: Reg): number => recordOf(reg).find(({ kind }) => kind === "bpf_spin_lock")?.offset ?? 0

/** Whether the lock of the object that a register points into is held. */
export function isLocked(env: Env, reg: Reg): boolean {
  const held = heldReference(env, reg.id, "lock") ?? heldReference(env, reg.id, "resLock")
  return held !== undefined && held.owner === reg.ref
}

/** A node that goes into a list or tree, or comes out of it. Source: `__process_kf_arg_ptr_to_graph_node`, Linux 6.2 to 6.18. */
export function checkGraphNode(
  env: Env,
  call: string,
  register: number,
  kind: "list_node" | "rb_node",
  root: Contents | undefined,
): void {
  const reg = env.regs[register]
  const name = NAMES[kind]
  const adds = /_(push_front|push_back|add)_impl$/.test(call)
  if (adds) {
    if (reg.kind !== Kind.btf || reg.flags !== Flag.alloc) {
      env.refuse(EINVAL, `arg#${register - 1} expected pointer to allocated object`)
    }
    if (reg.refId === 0) env.refuse(EINVAL, "allocated object must be referenced")
  } else if (reg.kind !== Kind.btf || (!(reg.flags & Flag.nonOwning) && reg.refId === 0)) {
    env.refuse(EINVAL, `${call} can only take non-owning or refcounted bpf_rb_node pointer`)
  }
  if (!isConstant(reg.scalar)) {
    env.refuse(EINVAL, `R${register} doesn't have constant offset. ${name} has to be at the constant offset`)
  }
  const field = fieldAt(recordOf(reg), offsetOf(reg))
  if (field?.kind !== name) env.refuse(EINVAL, `${name} not found at offset=${offsetOf(reg)}`)
  if (root === undefined || root.target === reg.aux) return
  const types = reg.btf
  env.refuse(
    EINVAL,
    `operation on ${name.replace("node", kind === "list_node" ? "head" : "root")} expects arg#1 ${name} at offset=${offsetOf(reg)} in struct ${types.name(root.target)}, but arg is at offset=${offsetOf(reg)} in struct ${types.name(reg.aux)}`,
  )
}
