import type { Env } from "../env.ts"
import { recordOf } from "../fields/index.ts"
import { EACCES, EINVAL } from "../refuse.ts"
import { Flag, Kind, mayBeNull, type Reg, typeName } from "../reg.ts"
import { type DynptrType, dynptrOf, passDynptr } from "../resources/dynptr.ts"
import { passIrqFlag } from "../resources/irq.ts"
import { makeIterator, passIterator } from "../resources/iterator.ts"
import { useLock } from "../resources/locks.ts"
import type { SlotRange } from "../resources/slots.ts"
import { checkMapObject } from "../resources/timers.ts"
import { isConstant } from "../scalar/index.ts"
import { isRcu, isTrusted } from "../typed/trust.ts"
import { structMatches } from "../types/index.ts"
import type { Callee } from "./callee.ts"
import { checkGraphNode, checkGraphRoot } from "./graph.ts"
import { checkMemoryRegister, checkMemorySize } from "./memory.ts"
import { isNumber, isScalarStruct, memorySize, type Parameter } from "./parameters.ts"

/** What a call was given, as far as its result and what it does depends on it. */
export interface Given {
  /** The register whose reference is taken over; 0 for none. */
  releases: number
  refId: number
  /** Constants among the arguments (`__k`). */
  constant: bigint | undefined
  /** Size of the memory that comes back, and whether it is only read. */
  resultSize: number | undefined
  resultReadOnly: boolean
  /** The initialised dynptr. */
  dynptr: Reg | undefined
  iterator: SlotRange | undefined
  /** The allocated object. */
  object: Reg | undefined
  /** The function of the program that is called back. */
  callback: Reg | undefined
  /** The root or node of a list or tree. */
  graph: { readonly target: number; readonly node: string } | undefined
  map: Reg | undefined
  irqClass: "native" | "lock" | undefined
}

/** Kinds whose registers stand for a structure of the kernel (`reg2btf_ids`). */
const STANDS_FOR: Readonly<Record<number, string>> = {
  [Kind.socket]: "sock",
  [Kind.sockCommon]: "sock_common",
  [Kind.tcpSock]: "tcp_sock",
  [Kind.mapPtr]: "bpf_map",
}

const isNull = (reg: Reg): boolean => reg.kind === Kind.scalar && isConstant(reg.scalar) && reg.scalar.bits.value === 0n

/** Checks the arguments of a call. Source: `check_kfunc_args`, Linux 6.1 to 6.18. */
export function checkArguments(env: Env, callee: Callee): Given {
  const given: Given = {
    releases: 0,
    refId: 0,
    constant: undefined,
    resultSize: undefined,
    resultReadOnly: false,
    dynptr: undefined,
    iterator: undefined,
    object: undefined,
    callback: undefined,
    graph: undefined,
    map: undefined,
    irqClass: undefined,
  }
  const { parameters, kfunc, name } = callee
  if (parameters.length > 5) env.refuse(EINVAL, `Function ${name} has ${parameters.length} > 5 args`)
  for (let index = 0; index < parameters.length; index++) {
    const parameter = parameters[index]
    if (parameter.kind === "ignored") continue
    const register = index + 1
    if (parameter.kind === "scalar") checkScalar(env, register, parameter, given)
    else {
      checkPointer(env, callee, register, parameter, given)
      if (parameter.kind === "sized_memory") index++
    }
  }
  if (kfunc.releases && given.releases === 0) {
    env.refuse(EINVAL, `release kernel function ${name} expects refcounted PTR_TO_BTF_ID`)
  }
  return given
}

function checkScalar(env: Env, register: number, parameter: Parameter, given: Given): void {
  const reg = env.read(register)
  if (reg.kind !== Kind.scalar) env.refuse(EINVAL, `R${register} is not a scalar`)
  if (parameter.constant) given.constant = constantAt(env, register)
  if (parameter.resultSize !== undefined) {
    if (given.resultSize !== undefined) env.refuse(EINVAL, "2 or more rdonly/rdwr_buf_size parameters for kfunc")
    if (!isConstant(reg.scalar)) env.refuse(EINVAL, `R${register} is not a const`)
    given.resultSize = Number(reg.scalar.bits.value)
    given.resultReadOnly = parameter.resultSize === "rdonly"
  }
}

function constantAt(env: Env, register: number): bigint {
  const { scalar } = env.regs[register]
  if (!isConstant(scalar)) env.refuse(EINVAL, `R${register} must be a known constant`)
  return scalar.bits.value
}

function checkPointer(env: Env, callee: Callee, register: number, parameter: Parameter, given: Given): void {
  const { kfunc } = callee
  const reg = env.read(register)
  const strict = kfunc.trustedArguments || kfunc.rcuArguments
  if (strict && (isNull(reg) || mayBeNull(reg)) && !parameter.nullable) {
    env.refuse(EACCES, `Possibly NULL pointer passed to trusted arg${register - 1}`)
  }
  if (reg.refId !== 0) {
    if (kfunc.releases && given.refId !== 0) {
      env.refuse(EINVAL, `more than one arg with ref_obj_id R${register} ${reg.refId} ${given.refId}`)
    }
    given.refId = reg.refId
    if (kfunc.releases) given.releases = register
  }
  if (parameter.nullable && isNull(reg) && parameter.kind !== "sized_memory") return
  checkTrust(env, callee, register, parameter)
  checkKind(env, callee, register, parameter, given)
}

/** Structures are as trusted as the function wants them. */
function checkTrust(env: Env, { kfunc }: Callee, register: number, { kind }: Parameter): void {
  const reg = env.regs[register]
  if (kind === "map" && reg.kind !== Kind.mapPtr) env.refuse(EINVAL, `pointer in R${register} isn't map pointer`)
  const isStructure = kind === "map" || kind === "allocated" || (kind === "pointer" && isTyped(reg))
  if (!isStructure || !(kfunc.trustedArguments || kfunc.rcuArguments) || isTrusted(reg)) return
  if (!kfunc.rcuArguments) env.refuse(EINVAL, `R${register} must be referenced or trusted`)
  if (!isRcu(reg)) env.refuse(EINVAL, `R${register} must be a rcu pointer`)
}

const isTyped = (reg: Reg): boolean => reg.kind === Kind.btf || reg.kind in STANDS_FOR

function checkKind(env: Env, callee: Callee, register: number, parameter: Parameter, given: Given): void {
  const { btf, name } = callee
  const reg = env.regs[register]
  const arg = `arg#${register - 1}`
  const isObject = reg.kind === Kind.btf && (reg.flags & ~Flag.maybeNull) === Flag.alloc
  switch (parameter.kind) {
    case "ctx":
      if (reg.kind !== Kind.ctx) {
        env.refuse(EINVAL, `${arg} expected pointer to ctx, but got ${typeName(reg.kind, reg.flags)}`)
      }
      return
    case "allocated": {
      const percpu = reg.kind === Kind.btf && reg.flags === (Flag.alloc | Flag.percpu)
      if (isObject && name !== "bpf_obj_drop_impl") env.refuse(EINVAL, `${arg} expected for bpf_obj_drop_impl()`)
      if (percpu && name !== "bpf_percpu_obj_drop_impl") {
        env.refuse(EINVAL, `${arg} expected for bpf_percpu_obj_drop_impl()`)
      }
      if (!isObject && !percpu) env.refuse(EINVAL, `${arg} expected pointer to allocated object`)
      if (reg.refId === 0) env.refuse(EINVAL, "allocated object must be referenced")
      given.object = reg
      return
    }
    case "refcounted":
      if (reg.kind !== Kind.btf || !(reg.flags & Flag.alloc)) {
        env.refuse(EINVAL, `${arg} is neither owning or non-owning ref`)
      }
      if (!recordOf(reg).some(({ kind }) => kind === "bpf_refcount")) {
        env.refuse(EINVAL, `${arg} doesn't point to a type with bpf_refcount field`)
      }
      given.object = reg
      return
    case "dynptr":
      checkDynptr(env, callee, register, parameter, given)
      return
    case "iterator": {
      const type = btf.type(parameter.target)
      if (reg.kind !== Kind.stack) env.refuse(EINVAL, `${arg} expected pointer to an iterator on stack`)
      const iterator = {
        btf,
        id: parameter.target,
        name: type.name.replace(/^bpf_iter_/, ""),
        slots: (memorySize(btf, parameter.target) ?? 8) >> 3,
      }
      if (callee.kfunc.iterator === "new") makeIterator(env, register, iterator, callee.kfunc.rcuProtected)
      else given.iterator = passIterator(env, register, iterator)
      return
    }
    case "list_head":
    case "rb_root":
      if (reg.kind !== Kind.mapValue && !isObject) {
        env.refuse(EINVAL, `${arg} expected pointer to map value or allocated object`)
      }
      if (isObject && reg.refId === 0) env.refuse(EINVAL, "allocated object must be referenced")
      given.graph = checkGraphRoot(env, register, parameter.kind)
      return
    case "list_node":
    case "rb_node":
      checkGraphNode(env, callee.name, register, parameter.kind, given.graph)
      return
    case "string":
      if (reg.kind !== Kind.mapValue) env.refuse(EINVAL, `${arg} doesn't point to a const string`)
      return
    case "workqueue":
    case "task_work":
      if (reg.kind !== Kind.mapValue) env.refuse(EINVAL, `${arg} doesn't point to a map value`)
      checkMapObject(env, register, parameter.kind === "workqueue" ? "bpf_wq" : "bpf_task_work")
      given.map = reg
      return
    case "irq_flag":
      if (reg.kind !== Kind.stack) env.refuse(EINVAL, `${arg} doesn't point to an irq flag on stack`)
      passIrqFlag(env, register, name)
      return
    case "res_spin_lock": {
      if (reg.kind !== Kind.mapValue && !isObject) {
        env.refuse(EINVAL, `${arg} doesn't point to map value or allocated object`)
      }
      const irq = name.includes("irq")
      useLock(env, register, { locks: !name.includes("unlock"), resilient: true, irq })
      return
    }
    case "callback":
      if (reg.kind !== Kind.func) env.refuse(EINVAL, `arg${register - 1} expected pointer to func`)
      given.callback = reg
      return
    case "map":
      checkStructure(env, callee, register, parameter)
      given.map = reg
      return
    case "pointer":
      if (isTyped(reg)) checkStructure(env, callee, register, parameter)
      else checkMemory(env, callee, register, parameter)
      return
    case "sized_memory":
      checkPair(env, callee, register, parameter, given)
      return
  }
}

/** Which kind of dynptr a function makes. */
const MAKES: Readonly<Record<string, DynptrType>> = {
  bpf_dynptr_from_skb: "skb",
  bpf_dynptr_from_xdp: "xdp",
  bpf_dynptr_from_skb_meta: "skb_meta",
}

function checkDynptr(env: Env, { name }: Callee, register: number, parameter: Parameter, given: Given): void {
  let makes: DynptrType | undefined
  let cloned: number | undefined
  if (parameter.uninitialized) {
    makes = MAKES[name] ?? "local"
    if (name === "bpf_dynptr_clone" && given.dynptr !== undefined) {
      makes = given.dynptr.object?.type as DynptrType
      cloned = given.dynptr.refId
    }
  }
  passDynptr(env, register, { makes, cloned, readOnly: parameter.readOnly })
  if (makes === undefined) given.dynptr = dynptrOf(env, register)
}

/** What programs see of the kernel's own structures: a function that takes the one takes the other. Source: `btf_is_projection_of`. */
const PROJECTIONS: Readonly<Record<string, string>> = { __sk_buff: "sk_buff", xdp_md: "xdp_buff" }

/** A pointer to a structure has to be one of those that the function takes. */
function checkStructure(env: Env, { btf, name, kfunc }: Callee, register: number, { kind, target }: Parameter): void {
  const reg = env.regs[register]
  const kernelBtf = env.input.kernelBtf ?? btf
  const id = kind === "map" ? kernelBtf.find("bpf_map", "struct") : target
  const wanted = { btf, id }
  const found =
    reg.kind === Kind.btf
      ? { btf: reg.btf, id: reg.aux }
      : { btf: kernelBtf, id: kernelBtf.find(STANDS_FOR[reg.kind], "struct") }
  const type = btf.type(id)
  if (type.kind !== "struct" && type.kind !== "union") {
    env.refuse(
      EINVAL,
      `kernel function ${name} args#${register - 1} pointer type ${kindName(type)} ${type.name} is not supported`,
    )
  }
  const strict = kfunc.trustedArguments && !kfunc.releases ? false : kfunc.releases
  if (structMatches(found, reg.off, wanted, strict && reg.off === 0, env.version)) return
  const have = found.btf.type(found.id)
  if (PROJECTIONS[type.name] === have.name) return
  env.refuse(
    EINVAL,
    `kernel function ${name} args#${register - 1} expected pointer to ${kindName(type)} ${type.name} but R${register} has a pointer to ${kindName(have)} ${have.name}`,
  )
}

const kindName = ({ kind }: { readonly kind: string }): string => (kind === "void" ? "UNKNOWN" : kind.toUpperCase())

/** Plain memory that is as large as what the parameter points to. */
function checkMemory(env: Env, { btf }: Callee, register: number, { target }: Parameter): void {
  const type = btf.type(target)
  checkPlain(env, register, type, isNumber(type) || isScalarStruct(btf, target), "")
  const size = memorySize(btf, target)
  if (size === undefined) {
    const what = `'${kindName(type)} ${type.name}'`
    env.refuse(EINVAL, `arg#${register - 1} reference type(${what}) size cannot be determined: -22`)
  }
  checkMemoryRegister(env, register, size)
}

function checkPlain(
  env: Env,
  register: number,
  type: { kind: string; name: string },
  isPlain: boolean,
  or: string,
): void {
  if (isPlain) return
  env.refuse(
    EINVAL,
    `arg#${register - 1} pointer type ${kindName(type)} ${type.name} must point to ${or}scalar, or struct with scalar`,
  )
}

/** Memory whose size is the next argument. */
function checkPair(env: Env, { btf, parameters }: Callee, register: number, parameter: Parameter, given: Given): void {
  const type = btf.type(parameter.target)
  const isPlain = type.kind === "void" || isNumber(type) || isScalarStruct(btf, parameter.target)
  checkPlain(env, register, type, isPlain, "void, ")
  const size = env.read(register + 1)
  if (!isNull(env.regs[register]) || !parameter.nullable) {
    checkMemorySize(env, register)
  } else if (size.kind !== Kind.scalar) env.refuse(EINVAL, `R${register + 1} is not a scalar`)
  if (parameters[register].constant) given.constant = constantAt(env, register + 1)
}
