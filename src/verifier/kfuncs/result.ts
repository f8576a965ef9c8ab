import { type Btf, isRecord, sizeOf } from "../../btf/index.ts"
import type { Env } from "../env.ts"
import { specialFields } from "../fields/index.ts"
import { mayWritePacket } from "../memory/packet.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { Flag, Kind, pointerReg, type Reg, UNKNOWN } from "../reg.ts"
import { iteratorIn } from "../resources/iterator.ts"
import { acquire } from "../resources/references.ts"
import type { Callee } from "./callee.ts"
import type { Given } from "./check.ts"
import { isNumber, isScalarStruct, memorySize } from "./parameters.ts"

/** What a call leaves in R0; undefined for functions that return nothing. Source: `check_kfunc_call`, Linux 6.1 to 6.18. */
export function resultOf(env: Env, callee: Callee, given: Given): Reg | undefined {
  const { btf, name, prototype, kfunc } = callee
  const type = btf.resolved(prototype.type)
  if (type.kind === "void") return undefined
  if (isNumber(type)) return UNKNOWN
  if (type.kind !== "ptr")
    return env.refuse(EINVAL, `kernel function ${name} returns type ${type.kind.toUpperCase()} that is not supported`)
  const special = SPECIAL[name]?.(env, given)
  const pointed = btf.resolve(type.type)
  // A pointer to nothing in particular is a number: pages of an arena. Linux 6.9.
  if (special === undefined && btf.type(pointed).kind === "void") return UNKNOWN
  let reg = special ?? plainPointer(env, callee, given, pointed)
  if (kfunc.mayReturnNull) {
    reg = reg.with({ flags: reg.flags | Flag.maybeNull, id: env.newId() })
  }
  if (kfunc.acquires) {
    const id = acquire(env)
    // A null pointer ends the reference: it is found by the id that the comparison settles.
    reg = reg.with({ refId: id, id: kfunc.mayReturnNull ? id : reg.id })
  } else {
    const { name: struct } = btf.type(pointed)
    if (struct === "bpf_rb_node" || struct === "bpf_list_node") {
      reg = reg.with({ flags: reg.flags | Flag.nonOwning })
    }
  }
  const mayLock =
    reg.kind === Kind.btf && specialFields(reg.btf, reg.aux).some(({ kind }) => kind.endsWith("spin_lock"))
  return mayLock && reg.id === 0 ? reg.withId(env.newId()) : reg
}

function plainPointer(env: Env, { btf, name, kfunc }: Callee, given: Given, id: number): Reg {
  const type = btf.type(id)
  const isStruct = type.kind === "struct" || type.kind === "union"
  if (!isStruct) {
    const size = given.resultSize ?? memorySize(btf, id)
    if (!size) {
      env.refuse(
        EINVAL,
        `kernel function ${name} returns pointer type ${type.kind.toUpperCase()} ${type.name} is not supported`,
      )
    }
    const readOnly = given.resultSize === undefined || given.resultReadOnly
    return pointerReg(Kind.mem, { flags: readOnly ? Flag.readOnly : 0, aux: size, refId: given.refId })
  }
  let flags: number = env.atLeast(6, 2) ? Flag.trusted : 0
  if (name === "bpf_get_kmem_cache") flags = Flag.untrusted
  else if (kfunc.rcuProtected) flags = Flag.rcu
  else if (kfunc.iterator === "next" && given.iterator !== undefined) {
    const told = iteratorIn(given.iterator.frame, given.iterator.first)
    flags = told.flags & Flag.rcu ? Flag.rcu : Flag.trusted
  } else if (!kfunc.acquires && env.atLeast(6, 2)) flags = 0
  return pointerReg(Kind.btf, { flags, ref: btf, aux: id })
}

/** Functions whose result depends on their arguments and not on their type. */
const SPECIAL: Readonly<Record<string, (env: Env, given: Given) => Reg>> = {
  bpf_obj_new_impl: (env, given) => newObject(env, given, 0),
  bpf_percpu_obj_new_impl: (env, given) => newObject(env, given, Flag.percpu),
  bpf_refcount_acquire_impl: (_env, given) =>
    pointerReg(Kind.btf, { flags: Flag.alloc, ref: given.object?.btf, aux: given.object?.aux }),
  bpf_list_pop_front: (env, given) => nodeOf(env, given),
  bpf_list_pop_back: (env, given) => nodeOf(env, given),
  bpf_list_front: (env, given) => nodeOf(env, given),
  bpf_list_back: (env, given) => nodeOf(env, given),
  bpf_rbtree_remove: (env, given) => nodeOf(env, given),
  bpf_rbtree_first: (env, given) => nodeOf(env, given),
  bpf_rbtree_root: (env, given) => nodeOf(env, given),
  bpf_rbtree_left: (env, given) => nodeOf(env, given),
  bpf_rbtree_right: (env, given) => nodeOf(env, given),
  bpf_cast_to_kern_ctx: env => kernelContext(env),
  bpf_rdonly_cast: (env, given) => readOnlyCast(env, given),
  bpf_dynptr_slice: (env, given) => slice(env, given, false),
  bpf_dynptr_slice_rdwr: (env, given) => slice(env, given, true),
}

/** The program's own structure that a constant names. */
function ownStruct(env: Env, given: Given): { btf: Btf; id: number; size: number } {
  const { btf } = env.input
  const id = Number(given.constant ?? 0n)
  if (btf === undefined) return env.refuse(EINVAL, "bpf_obj_new/bpf_percpu_obj_new requires prog BTF")
  const type = id > 0 && id < btf.count ? btf.type(id) : undefined
  if (type === undefined || !isRecord(type) || type.kind !== "struct") {
    return env.refuse(EINVAL, "bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct")
  }
  return { btf, id, size: sizeOf(btf, id) }
}

/** Largest object of which every processor has one (`BPF_GLOBAL_PERCPU_MA_MAX_SIZE`). */
const MAX_PERCPU_SIZE = 512

function newObject(env: Env, given: Given, flag: number): Reg {
  const { btf, id, size } = ownStruct(env, given)
  if (flag !== 0) {
    if (size > MAX_PERCPU_SIZE) {
      env.refuse(EINVAL, `bpf_percpu_obj_new type size (${size}) is greater than ${MAX_PERCPU_SIZE}`)
    }
    if (!isScalarStruct(btf, id)) {
      env.refuse(EINVAL, "bpf_percpu_obj_new type ID argument must be of a struct of scalars")
    }
    if (specialFields(btf, id).length > 0) {
      env.refuse(EINVAL, "bpf_percpu_obj_new type ID argument must not contain special fields")
    }
  }
  return pointerReg(Kind.btf, { flags: Flag.alloc | flag, ref: btf, aux: id })
}

/** What hangs in the list or tree, at the member by which it hangs there. */
function nodeOf(env: Env, given: Given): Reg {
  const { btf } = env.input
  const { target = 0, node = "" } = given.graph ?? {}
  if (btf === undefined || target === 0) return UNKNOWN
  const type = btf.type(target)
  const member = isRecord(type) ? type.members.find(({ name }) => name === node) : undefined
  return pointerReg(Kind.btf, { flags: Flag.alloc, ref: btf, aux: target, off: (member?.bitOffset ?? 0) >> 3 })
}

/** The kernel's structure behind the contexts of program types. */
const KERNEL_CONTEXTS: Readonly<Record<string, string>> = {
  socket_filter: "sk_buff",
  sched_cls: "sk_buff",
  sched_act: "sk_buff",
  cgroup_skb: "sk_buff",
  lwt_in: "sk_buff",
  lwt_out: "sk_buff",
  lwt_xmit: "sk_buff",
  lwt_seg6local: "sk_buff",
  sk_skb: "sk_buff",
  flow_dissector: "bpf_flow_dissector",
  xdp: "xdp_buff",
  cgroup_sock: "sock",
  cgroup_sock_addr: "bpf_sock_addr_kern",
  sock_ops: "bpf_sock_ops_kern",
  sk_msg: "sk_msg",
  sk_reuseport: "sk_reuseport_kern",
  sk_lookup: "bpf_sk_lookup_kern",
  cgroup_sockopt: "bpf_sockopt_kern",
  cgroup_sysctl: "bpf_sysctl_kern",
  cgroup_device: "bpf_cgroup_dev_ctx",
  kprobe: "pt_regs",
  perf_event: "bpf_perf_event_data_kern",
  netfilter: "bpf_nf_ctx",
}

function kernelContext(env: Env): Reg {
  const { kernelBtf } = env.input
  const name = KERNEL_CONTEXTS[env.programType]
  const id = name === undefined ? 0 : (kernelBtf?.find(name, "struct") ?? 0)
  if (id === 0) return env.refuse(EINVAL, `kern ctx type id ${id} is not a struct`)
  return pointerReg(Kind.btf, { flags: Flag.trusted, ref: kernelBtf, aux: id })
}

/** A pointer to any structure of the kernel, whose reads are probed. */
function readOnlyCast(env: Env, given: Given): Reg {
  const { kernelBtf } = env.input
  const id = Number(given.constant ?? 0n)
  // Type 0 is void: memory of which nothing is known.
  if (id === 0 && env.atLeast(6, 17)) return pointerReg(Kind.mem, { flags: Flag.readOnly | Flag.untrusted })
  const type = kernelBtf !== undefined && id > 0 && id < kernelBtf.count ? kernelBtf.resolved(id) : undefined
  if (type === undefined || type.kind !== "struct") {
    env.refuse(EINVAL, "kfunc bpf_rdonly_cast type ID argument must be of a struct")
  }
  return pointerReg(Kind.btf, { flags: Flag.untrusted, ref: kernelBtf, aux: id })
}

/** A part of a dynptr. */
function slice(env: Env, given: Given, writes: boolean): Reg {
  const { dynptr } = given
  if (given.constant === undefined)
    env.refuse(EINVAL, "verifier internal error: bpf_dynptr_slice(_rdwr) no constant size")
  const type = dynptr?.object?.type ?? ""
  let flags = type === "ringbuf" ? Flag.ringbuf : 0
  if (!writes) flags |= Flag.readOnly
  else if (type === "skb" && !mayWritePacket(env)) env.refuse(EINVAL, "the prog does not allow writes to packet data")
  if (dynptr === undefined) env.refuse(EACCES, "verifier internal error: no dynptr id")
  const object = { kind: "dynptr", type, first: false } as const
  return pointerReg(Kind.mem, {
    flags,
    aux: Number(given.constant),
    mapUid: dynptr!.id,
    refId: dynptr!.refId,
    object,
  })
}
