import { type Btf, sizeOf } from "../../btf/index.ts"
import { isZero } from "../branch/condition.ts"
import type { Env } from "../env.ts"
import { checkUnmoved } from "../memory/offset.ts"
import { EINVAL, Refused } from "../refuse.ts"
import { Flag, Kind, pointerReg, type Reg, UNKNOWN } from "../reg.ts"
import type { Subprogram } from "../structure/subprograms.ts"
import { contextNames } from "./contextNames.ts"
import { checkHelperMemory } from "./helperMemory.ts"

/** What a global function takes in a register, by its type in the program's BTF. */
export type GlobalArgument =
  | { readonly kind: "scalar" }
  | { readonly kind: "ctx" }
  | { readonly kind: "mem"; readonly size: number; readonly nullable: boolean }
  | { readonly kind: "btf"; readonly type: number; readonly trusted: boolean; readonly nullable: boolean }
  | { readonly kind: "dynptr" }
  | { readonly kind: "arena" }

/** A call of a function that is verified on its own: its arguments are what that was verified with. */
export function checkGlobalCall(env: Env, callee: Subprogram): void {
  const name = env.subprogramName(callee.index)
  const { state } = env
  if (state.activeLocks > 0) {
    env.refuse(EINVAL, "global function calls are not allowed while holding a lock,\nuse static function instead")
  }
  const atomic = state.rcuLocks > 0 || state.preemptLocks > 0 || state.activeIrq !== 0 || !state.sleepable
  if (callee.mightSleep && atomic && env.atLeast(6, 15)) {
    const where =
      "in non-sleepable context,\ni.e., in a RCU/IRQ/preempt-disabled section, or in\na non-sleepable BPF program context"
    env.refuse(EINVAL, `global functions that may sleep are not allowed ${where}`)
  }
  const args = globalArguments(env, callee)
  try {
    for (let i = 0; i < args.length; i++) checkPassed(env, args[i], i)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const caller = `Caller passes invalid args into func#${callee.index} ('${name}')`
    throw new Refused(error.errno, `${error.message}\n${caller}`)
  }
  env.log.add(`Func#${callee.index} ('${name}') is global and assumed valid.\n`)
}

function checkPassed(env: Env, argument: GlobalArgument, index: number): void {
  const register = index + 1
  const reg = env.read(register)
  switch (argument.kind) {
    case "scalar":
      if (reg.kind !== Kind.scalar) env.refuse(EINVAL, `R${register} is not a scalar`)
      return
    case "ctx":
      if (reg.kind !== Kind.ctx) env.refuse(EINVAL, `arg#${index} expects pointer to ctx`)
      checkUnmoved(env, reg, register, false)
      return
    case "mem": {
      if (isZero(reg) && argument.nullable) return
      if (isZero(reg) || (reg.flags & Flag.maybeNull && !argument.nullable)) {
        env.refuse(EINVAL, `arg#${index} is expected to be non-NULL`)
      }
      const given = reg.flags & Flag.maybeNull ? reg.with({ flags: reg.flags & ~Flag.maybeNull }) : reg
      env.regs[register] = given
      checkHelperMemory(env, register, argument.size, { write: false, zero: true })
      checkHelperMemory(env, register, argument.size, { write: true, zero: true })
      env.regs[register] = reg
      return
    }
    case "btf":
      if (isZero(reg) && argument.nullable) return
      if (reg.kind !== Kind.btf) env.refuse(EINVAL, `arg#${index} is expected to be a pointer to a kernel structure`)
      return
    case "arena":
      if (reg.kind !== Kind.arena && reg.kind !== Kind.scalar) {
        env.refuse(EINVAL, `R${register} is not a pointer to arena or scalar.`)
      }
      return
    default:
  }
}

/** The arguments of a global function, by its declaration. */
export function globalArguments(env: Env, { index, start }: Subprogram): readonly GlobalArgument[] {
  const { btf, funcInfo } = env.input
  const info = funcInfo?.find(f => f.insn === start)
  if (btf === undefined || info === undefined) return []
  const func = btf.type(info.type)
  const proto = func.kind === "func" ? btf.type(func.type) : undefined
  if (func.kind !== "func" || proto?.kind !== "func_proto") return []
  const { name } = func
  if (proto.params.length > 5) {
    const count = proto.params.length
    env.refuse(EINVAL, `Global function ${name}() with ${count} > 5 args. Buggy compiler.`)
  }
  const result = btf.resolved(proto.type)
  if (
    result.kind !== "int" &&
    result.kind !== "enum" &&
    result.kind !== "enum64" &&
    !env.subprograms[index].exceptionCallback
  ) {
    env.refuse(EINVAL, `Global function ${name}() doesn't return scalar. Only those are supported.`)
  }
  const tags = argumentTags(btf, info.type)
  return proto.params.map((parameter, i) => globalArgument(env, btf, parameter.type, i, name, tags.get(i) ?? []))
}

function globalArgument(
  env: Env,
  btf: Btf,
  type: number,
  index: number,
  func: string,
  tags: readonly string[],
): GlobalArgument {
  const target = btf.resolved(type)
  if (target.kind === "int" || target.kind === "enum" || target.kind === "enum64") return { kind: "scalar" }
  const unsupported = (): never => {
    const what = `Arg#${index} type ${target.kind.toUpperCase()} in ${func}() is not supported yet.`
    return env.refuse(EINVAL, what)
  }
  if (target.kind !== "ptr") return unsupported()
  if (tags.includes("arena")) return { kind: "arena" }
  const nullable = !tags.includes("nonnull")
  const pointed = btf.resolved(target.type)
  const names = contextNames(env)
  const direct = aliases(btf, target.type)
  if (tags.includes("ctx") || direct.some(each => names.includes(each))) return { kind: "ctx" }
  if (tags.includes("trusted") || tags.includes("untrusted")) {
    const found = env.input.kernelBtf?.find(pointed.name, "struct", "union") ?? 0
    if (found === 0) return unsupported()
    return { kind: "btf", type: found, trusted: tags.includes("trusted"), nullable: tags.includes("nullable") }
  }
  if (pointed.kind === "struct" && pointed.name === "bpf_dynptr") return { kind: "dynptr" }
  try {
    return { kind: "mem", size: sizeOf(btf, target.type), nullable }
  } catch {
    const name = pointed.kind === "void" ? "void" : `${pointed.kind} ${pointed.name}`
    return env.refuse(EINVAL, `arg#${index} reference type('${name}') size cannot be determined: -22`)
  }
}

/** Names on the way from a type through its typedefs. */
function aliases(btf: Btf, id: number): string[] {
  const names: string[] = []
  for (let depth = 0; depth < 16 && id !== 0; depth++) {
    const type = btf.type(id)
    names.push(type.name)
    if (type.kind !== "typedef" && type.kind !== "const" && type.kind !== "volatile" && type.kind !== "restrict") break
    id = type.type
  }
  return names
}

const tagsOf = new WeakMap<Btf, Map<number, Map<number, string[]>>>()

/** Declaration tags `arg:…` of a function's parameters. */
function argumentTags(btf: Btf, func: number): ReadonlyMap<number, readonly string[]> {
  let all = tagsOf.get(btf)
  if (all === undefined) {
    all = new Map()
    for (const id of btf.ids("decl_tag")) {
      const tag = btf.type(id)
      if (tag.kind !== "decl_tag" || !tag.name.startsWith("arg:") || tag.component < 0) continue
      const own = all.get(tag.type) ?? new Map<number, string[]>()
      own.set(tag.component, [...(own.get(tag.component) ?? []), tag.name.slice("arg:".length)])
      all.set(tag.type, own)
    }
    tagsOf.set(btf, all)
  }
  return all.get(func) ?? new Map()
}

/** What a global function finds in its registers when it is verified on its own. */
export function globalEntry(env: Env, subprogram: Subprogram): Reg[] {
  return globalArguments(env, subprogram).map((argument): Reg => {
    switch (argument.kind) {
      case "scalar":
        return UNKNOWN
      case "ctx":
        return pointerReg(Kind.ctx)
      case "mem": {
        const flags = argument.nullable ? Flag.maybeNull : 0
        return pointerReg(Kind.mem, { flags, aux: argument.size, id: argument.nullable ? env.newId() : 0 })
      }
      case "btf": {
        const flags = (argument.trusted ? Flag.trusted : Flag.untrusted) | (argument.nullable ? Flag.maybeNull : 0)
        const id = argument.nullable ? env.newId() : 0
        return pointerReg(Kind.btf, { flags, id, ref: env.input.kernelBtf, aux: argument.type })
      }
      case "arena":
        return pointerReg(Kind.arena, { scalar: UNKNOWN.scalar })
      default:
        return pointerReg(Kind.dynptr, { object: { kind: "dynptr", type: "local", first: true } })
    }
  })
}
