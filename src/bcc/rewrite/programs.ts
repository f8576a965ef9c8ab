import * as c from "../../c/index.ts"
import type { AttachSpec, ProgramType } from "../../object/index.ts"
import { eachExpr } from "../ast/walk.ts"
import { tracepointNames } from "../names/provider.ts"

/** What a program is by its name, and so what its context and its pointers are. */
export interface Program {
  readonly decl: c.FunctionDecl
  readonly section: string
  readonly type?: ProgramType
  readonly attach?: AttachSpec
  readonly family: Family
  /** Arguments after the context are those of a system call, which its wrapper gets in an inner pt_regs. */
  readonly syscall: boolean
}

/**
 * How a program comes to its pointers.
 * - `tracing`: the context holds plain numbers; what they point to must be read by a helper.
 * - `typed`: the context holds pointers that the verifier knows the type of; they are followed with plain loads.
 * - `network`: the context gives pointers into packets and to kernel objects with fields of their own; plain loads.
 */
export type Family = "tracing" | "typed" | "network"

/** The attribute of functions that get their arguments from an array of 64-bit values, their context. */
export const UNPACK_ATTRIBUTE = "bpf_unpack"

const SYSCALL_PREFIXES = [
  "sys_",
  "__x64_sys_",
  "__x32_compat_sys_",
  "__ia32_compat_sys_",
  "__arm64_sys_",
  "__s390x_sys_",
  "__s390_sys_",
  "__riscv_sys_",
  "SyS_",
]

type Kind = Omit<Program, "decl" | "section">

/** The forms of names, by their beginnings. */
const PREFIXES: readonly (readonly [string, (rest: string) => Kind | undefined])[] = [
  ["kprobe__", rest => probe("kprobe", rest)],
  ["kretprobe__", rest => probe("kretprobe", rest)],
  ["tracepoint__", tracepoint],
  ["raw_tracepoint__", event => ({ ...tracing, type: "raw_tracepoint", attach: { kind: "raw_tracepoint", event } })],
  ["kfunc__", rest => typedProbe("fentry", rest)],
  ["kretfunc__", rest => typedProbe("fexit", rest)],
  ["kmod_ret__", event => ({ ...typed, type: "tracing", attach: { kind: "fmod_ret", event } })],
  ["lsm__", event => ({ ...typed, type: "lsm", attach: { kind: "lsm", event } })],
  ["bpf_iter__", event => ({ ...typed, type: "tracing", attach: { kind: "iter", event } })],
  ["syscall__", () => ({ ...tracing, type: "kprobe", syscall: true })],
]
const tracing: Kind = { family: "tracing", syscall: false }
const typed: Kind = { family: "typed", syscall: false }

function probe(kind: "kprobe" | "kretprobe", rest: string): Kind {
  const prefix = SYSCALL_PREFIXES.find(p => rest.startsWith(p) && rest.length > p.length)
  if (prefix === undefined) return { ...tracing, type: "kprobe", attach: { kind, event: rest } }
  const attach: AttachSpec = { kind, event: rest.slice(prefix.length), syscall: true }
  return { ...tracing, type: "kprobe", attach, syscall: true }
}

function tracepoint(rest: string): Kind | undefined {
  for (const { category, event } of tracepointNames(rest)) {
    return { ...tracing, type: "tracepoint", attach: { kind: "tracepoint", category, event } }
  }
  return undefined
}

/** `MODULE__FUNCTION`; the kernel itself is the module `vmlinux`. */
function typedProbe(kind: "fentry" | "fexit", rest: string): Kind {
  const at = rest.indexOf("__", 1)
  const module = at > 0 ? rest.slice(0, at) : "vmlinux"
  const event = at > 0 ? rest.slice(at + 2) : rest
  const attach: AttachSpec = module === "vmlinux" ? { kind, event } : { kind, event, module }
  return { ...typed, type: "tracing", attach }
}

/** Records that are the context of programs with plain numbers in them. */
const TRACING_CONTEXTS = new Set(["pt_regs", "user_pt_regs", "bpf_raw_tracepoint_args", "bpf_perf_event_data"])
const NETWORK_CONTEXTS = new Set([
  "xdp_md",
  "__sk_buff",
  "sk_buff",
  "bpf_sock",
  "bpf_sock_addr",
  "bpf_sock_ops",
  "bpf_sockopt",
  "bpf_sysctl",
  "bpf_sk_lookup",
  "sk_msg_md",
  "sk_reuseport_md",
  "bpf_flow_keys",
  "bpf_cgroup_dev_ctx",
])

/**
 * The programs of a unit: its functions that others could call, but for those that only serve other functions (which BCC
 * refuses to call). A function with a `section` attribute keeps that section.
 */
export function collectPrograms(unit: c.TranslationUnit): Map<c.FunctionDecl, Program> {
  const called = calledFunctions(unit)
  const programs = new Map<c.FunctionDecl, Program>()
  for (const decl of unit.decls) {
    if (decl.kind !== "function" || decl.body === undefined || decl.storage === "static" || decl.span.file.system)
      continue
    const section = decl.attrs.find(attr => attr.name === "section")?.args[0]
    const kind = kindByName(decl.name)
    if (kind === undefined && section === undefined && (called.has(decl) || decl.inline)) continue
    programs.set(decl, {
      decl,
      section: section === undefined ? `.bpf.fn.${decl.name}` : String(section),
      ...(kind ?? { family: familyByContext(decl), syscall: false }),
    })
  }
  return programs
}

function kindByName(name: string): Kind | undefined {
  for (const [prefix, make] of PREFIXES) {
    if (name.startsWith(prefix) && name.length > prefix.length) return make(name.slice(prefix.length))
  }
  return undefined
}

/** The record that a program's first parameter points to. */
export function contextRecord(decl: c.FunctionDecl): c.RecordDecl | undefined {
  const type = decl.params[0] && c.canonical(decl.params[0].type)
  return type?.kind === "pointer" ? c.recordOf(type.to) : undefined
}

function familyByContext(decl: c.FunctionDecl): Family {
  if (decl.attrs.some(attr => attr.name === UNPACK_ATTRIBUTE)) return "typed"
  const tag = contextRecord(decl)?.tag
  if (tag !== undefined && NETWORK_CONTEXTS.has(tag)) return "network"
  return "tracing"
}

/** Whether a pointer to this record can be the context of a tracing program: its members are plain numbers. */
export function isTracingContext(record: c.RecordDecl): boolean {
  const { tag } = record
  return tag !== undefined && (TRACING_CONTEXTS.has(tag) || tag.startsWith("tracepoint__"))
}

/** Functions that some other function of the unit names. */
function calledFunctions(unit: c.TranslationUnit): Set<c.FunctionDecl> {
  const called = new Set<c.FunctionDecl>()
  for (const decl of unit.decls) {
    if (decl.kind !== "function" || decl.body === undefined) continue
    eachExpr(decl.body, e => {
      if (e.kind === "ref" && e.decl.kind === "function" && e.decl !== decl) called.add(e.decl)
    })
  }
  return called
}
