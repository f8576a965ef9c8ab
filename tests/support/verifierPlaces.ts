import type { Btf, BtfKind } from "../../src/btf/index.ts"
import * as isa from "../../src/isa/index.ts"
import { progLoad } from "../../src/kernel/bpf/index.ts"
import { vmlinuxTypes } from "../../src/kernel/host/index.ts"
import { closeFd } from "../../src/kernel/raw/index.ts"
import type { VerifierInput } from "../../src/verifier/index.ts"

/** A place that programs are loaded for: what decides the context that they get and the helpers that they may call. */
export interface Place {
  readonly type: string
  readonly attachType?: string
  /** Name of the kernel's function, typedef or struct that it is loaded for. */
  readonly target?: string
  /** For struct_ops: number of the member. */
  readonly member?: number
  readonly sleepable?: boolean
}

/** `tracing/trace_iter/bpf_iter_task sleepable` */
export function placeName({ type, attachType, target, sleepable }: Place): string {
  const path = [type, attachType, target].filter(part => part !== undefined).join("/")
  return sleepable ? `${path} sleepable` : path
}

const BOUND = ["tracing", "struct_ops", "ext", "lsm"]
const WITH_ATTACH_TYPE = ["cgroup_sock_addr", "cgroup_sockopt", "sk_lookup", "syscall", "netfilter", "cgroup_sock"]

/** Places of every program type but `ext`, whose rules are those of the program that is extended. */
export function allPlaces(): Place[] {
  const places: Place[] = []
  for (const type of isa.progTypes.names()) {
    if (!BOUND.includes(type) && !WITH_ATTACH_TYPE.includes(type)) places.push({ type })
  }
  for (const attachType of isa.attachTypes.names()) {
    if (/^cgroup_(inet[46]|unix|udp)/.test(attachType) && !/post_bind/.test(attachType)) {
      places.push({ type: "cgroup_sock_addr", attachType })
    }
    if (/post_bind|sock_create|sock_release/.test(attachType)) places.push({ type: "cgroup_sock", attachType })
    if (/^trace_[ku]probe/.test(attachType)) places.push({ type: "kprobe", attachType })
    if (/^cgroup_[gs]etsockopt$/.test(attachType)) places.push({ type: "cgroup_sockopt", attachType })
    if (/^cgroup_inet_[ei]n?gress$/.test(attachType)) places.push({ type: "cgroup_skb", attachType })
    if (/^sk_skb_/.test(attachType)) places.push({ type: "sk_skb", attachType })
    if (/^cgroup_(device|sysctl)$/.test(attachType)) places.push({ type: attachType, attachType })
    if (attachType === "xdp_devmap") places.push({ type: "xdp", attachType })
  }
  places.push(
    { type: "kprobe", sleepable: true },
    { type: "sk_lookup", attachType: "sk_lookup" },
    { type: "netfilter", attachType: "netfilter" },
    { type: "syscall", sleepable: true },
    { type: "tracing", attachType: "trace_raw_tp", target: "btf_trace_sched_switch" },
    { type: "tracing", attachType: "trace_fentry", target: "bpf_fentry_test1" },
    { type: "tracing", attachType: "trace_fexit", target: "bpf_fentry_test1" },
    { type: "tracing", attachType: "trace_fentry", target: "vfs_getattr" },
    { type: "tracing", attachType: "trace_iter", target: "bpf_iter_task" },
    { type: "tracing", attachType: "trace_iter", target: "bpf_iter_task", sleepable: true },
    { type: "tracing", attachType: "trace_iter", target: "bpf_iter_tcp" },
    { type: "tracing", attachType: "trace_iter", target: "bpf_iter_unix" },
    { type: "struct_ops", target: "tcp_congestion_ops", member: 0 },
  )
  for (const hook of ["file_open", "socket_bind", "sk_alloc_security", "socket_post_create", "inet_csk_clone"]) {
    const target = `bpf_lsm_${hook}`
    places.push({ type: "lsm", attachType: "lsm_mac", target })
    places.push({ type: "lsm", attachType: "lsm_cgroup", target })
  }
  places.push({ type: "lsm", attachType: "lsm_mac", target: "bpf_lsm_file_open", sleepable: true })
  return places
}

let types: Btf | undefined
/** The running kernel's types, read once. */
export const kernelTypes = (): Btf => (types ??= vmlinuxTypes())

/** What a place's target is among the kernel's types. */
const targetKind = ({ type, attachType }: Place): BtfKind =>
  type === "struct_ops" ? "struct" : attachType === "trace_raw_tp" ? "typedef" : "func"

const text = new TextDecoder("latin1")
const log = new Uint8Array(1 << 16)

/** What the running kernel says of a program. */
export interface Answer {
  /** Whether it takes it. */
  readonly accepted: boolean
  /** Positive, 0 for an accepted one. */
  readonly errno: number
  readonly log: string
}

const BPF_F_SLEEPABLE = 16

/** Gives a program to the running kernel, and unloads it. */
export function ask(
  place: Place,
  insns: readonly isa.Insn[],
  options: { license?: string; logLevel?: number } = {},
): Answer {
  const { type, attachType, target, member, sleepable } = place
  log[0] = 0
  const { result } = progLoad({
    type: isa.progTypes.number(type)!,
    insns: isa.encodeInsns(insns),
    license: options.license ?? "GPL",
    expectedAttachType: attachType === undefined ? member : isa.attachTypes.number(attachType),
    attachBtfId: target === undefined ? undefined : kernelTypes().find(target, targetKind(place)),
    flags: sleepable ? BPF_F_SLEEPABLE : 0,
    log,
    logLevel: options.logLevel ?? 1,
  })
  if (result >= 0) closeFd(result)
  return { accepted: result >= 0, errno: Math.max(0, -result), log: text.decode(log.subarray(0, log.indexOf(0))) }
}

/** The lines of a log without those that show instructions and states, and the counts. */
export function messages({ log }: Answer): string[] {
  return log
    .split("\n")
    .filter(
      line =>
        !/^ *\d+: |^Live regs|^processed |^; |^func#|^mark_precise|^from |^$|^verification time|^stack depth/.test(
          line,
        ),
    )
}

/** Whether the kernel takes programs for a place at all: it checks instructions, whatever it says of this one. */
export function canAsk(place: Place): boolean {
  const bad = [isa.mov64Imm(0, 1), isa.mov64Reg(0, 3), isa.exit()]
  return messages(ask(place, bad)).some(line => line === "R3 !read_ok")
}

/** A program of a place as our verifier is given it. */
export function inputAt(place: Place, insns: readonly isa.Insn[], kernel: number): VerifierInput {
  const { type, attachType, target, member, sleepable } = place
  const btf = kernelTypes()
  return {
    insns: isa.encodeInsns(insns),
    type,
    attachType: attachType as isa.AttachType | undefined,
    attachTo: target === undefined ? undefined : { btf, type: btf.find(target, targetKind(place)) },
    structOpsMember: member,
    flags: sleepable ? BPF_F_SLEEPABLE : 0,
    kernelBtf: btf,
    kernel: { major: Math.floor(kernel / 100), minor: kernel % 100 },
  }
}
