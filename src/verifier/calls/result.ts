import { BPF_JSGE, BPF_JSLE } from "../../isa/index.ts"
import type { Env } from "../env.ts"
import { mapFields } from "../memory/mapFields.ts"
import { EINVAL } from "../refuse.ts"
import { Flag, Kind, NOT_INIT, pointerReg, type Reg, type RegChange, scalarReg, UNKNOWN } from "../reg.ts"
import { acquire } from "../resources/references.ts"
import { UNKNOWN as ANY, constant, refine, type Scalar } from "../scalar/index.ts"
import type { CallMeta } from "./meta.ts"

const ACQUIRES = new Set([
  "bpf_sk_lookup_tcp",
  "bpf_sk_lookup_udp",
  "bpf_skc_lookup_tcp",
  "bpf_ringbuf_reserve",
  "bpf_kptr_xchg",
])
const CASTS = new Set([
  "bpf_tcp_sock",
  "bpf_sk_fullsock",
  "bpf_skc_to_tcp_sock",
  "bpf_skc_to_tcp6_sock",
  "bpf_skc_to_udp6_sock",
  "bpf_skc_to_mptcp_sock",
  "bpf_skc_to_tcp_timewait_sock",
  "bpf_skc_to_tcp_request_sock",
])
/** Helpers that return how much of the memory that they were given they have filled, or an error. */
const FILLERS = new Set([
  "bpf_get_stack",
  "bpf_get_task_stack",
  "bpf_probe_read_str",
  "bpf_probe_read_kernel_str",
  "bpf_probe_read_user_str",
])
const MAX_ERRNO = 4095n

/** A number between two ends, both included. */
export function between(least: bigint, greatest: bigint): Scalar {
  const atLeast = refine(BPF_JSGE, true, ANY, constant(least), 64).a
  return refine(BPF_JSLE, true, atLeast, constant(greatest), 64).a
}

const SOCKETS: Readonly<Record<string, Kind>> = {
  socket: Kind.socket,
  tcp_sock: Kind.tcpSock,
  sock_common: Kind.sockCommon,
}

/** What a helper leaves in R0. */
export function setResult(env: Env, meta: CallMeta): void {
  const { result } = meta.prototype
  let reg = resultReg(env, meta)
  if (reg.flags & Flag.maybeNull) reg = reg.withId(env.newId())
  const { name, map } = meta
  const sockets = map?.type === "sockmap" || map?.type === "sockhash"
  if (CASTS.has(name) || name === "bpf_dynptr_data") {
    if (meta.refId !== 0) reg = reg.with({ refId: meta.refId })
  } else if (ACQUIRES.has(name) || (name === "bpf_map_lookup_elem" && sockets)) {
    const id = acquire(env)
    reg = reg.with({ id, refId: id })
  }
  if (result.kind === "slice") reg = reg.with({ mapUid: meta.dynptrId })
  env.set(0, reg)
}

function resultReg(env: Env, meta: CallMeta): Reg {
  const { result } = meta.prototype
  const flags = result.nullable ? Flag.maybeNull : 0
  switch (result.kind) {
    case "void":
      return NOT_INIT
    case "int":
      return integer(env, meta)
    case "map_value":
      return mapValue(env, meta, flags)
    case "record":
      return pointerReg(Kind.mem, { flags: flags | Flag.ringbuf, aux: meta.resultSize })
    case "slice":
      return pointerReg(Kind.mem, { flags, aux: meta.resultSize })
    case "btf":
      return structure(env, meta, flags)
    case "percpu":
      return perCpu(env, meta, flags)
    default:
      return pointerReg(SOCKETS[result.kind], { flags })
  }
}

function integer(env: Env, { name, maxSize }: CallMeta): Reg {
  if (name === "bpf_get_smp_processor_id") return resultBetween(env, 0n, BigInt(env.cpus - 1))
  return FILLERS.has(name) ? resultBetween(env, -MAX_ERRNO, maxSize) : UNKNOWN
}

/** The same object for the same ends. */
function resultBetween({ results }: Env, least: bigint, greatest: bigint): Reg {
  const key = `${least} ${greatest}`
  let reg = results.get(key)
  if (reg === undefined) results.set(key, (reg = scalarReg(between(least, greatest))))
  return reg
}

function mapValue(env: Env, { map, mapUid, constantKey }: CallMeta, nullable: number): Reg {
  if (map === undefined) return env.refuse(EINVAL, "kernel subsystem misconfigured verifier")
  const found = constantKey !== undefined && constantKey < map.maxEntries
  const flags = found && map.inner === undefined ? 0 : nullable
  const change: RegChange = { flags, ref: map, mapUid }
  const locked = !flags && mapFields(map).some(f => f.name === "bpf_spin_lock" || f.name === "bpf_res_spin_lock")
  return pointerReg(Kind.mapValue, locked ? { ...change, id: env.newId() } : change)
}

function structure(env: Env, meta: CallMeta, flags: number): Reg {
  if (meta.result !== undefined) return meta.result
  const { result } = meta.prototype
  const btf = env.input.kernelBtf
  const type = btf?.find(result.type, "struct") ?? 0
  if (btf === undefined || type === 0) return UNKNOWN
  return pointerReg(Kind.btf, { flags: flags | (result.trusted ? Flag.trusted : 0), ref: btf, aux: type })
}

/** What a per-CPU pointer leads to on a CPU: a structure, or plain memory. */
function perCpu(env: Env, { percpu }: CallMeta, flags: number): Reg {
  if (percpu === undefined) return UNKNOWN
  const { btf, aux } = percpu
  const type = btf.resolved(aux)
  if (type.kind === "struct" || type.kind === "union") {
    return pointerReg(Kind.btf, { flags: flags | (percpu.flags & Flag.rcu), ref: btf, aux: btf.resolve(aux) })
  }
  const size = "size" in type ? type.size : 8
  return pointerReg(Kind.mem, { flags: flags | Flag.readOnly, aux: size, id: env.newId() })
}
