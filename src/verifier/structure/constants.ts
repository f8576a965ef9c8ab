import * as o from "../../isa/index.ts"
import type { Env } from "../env.ts"
import type { VerifierMap } from "../input.ts"
import { mapFields } from "../memory/mapFields.ts"
import { EBADF, EINVAL, EPROTO, Refused } from "../refuse.ts"

const MAX_OFFSET = 1 << 29
/** Map types whose values have an address that a program can hold from the start. */
const DIRECT = new Set(["array", "arena"])

/** Looks at the 64-bit loads of a program: finds the maps that they name. Opcodes that there are not are refused. */
export function resolveConstants(env: Env): void {
  const { code } = env
  for (let slot = 0; slot < code.count; slot++) {
    const op = code.op[slot]
    const refuse = (message: string, errno = EINVAL): never => {
      throw new Refused(errno, message, slot)
    }
    const mode = op & o.BPF_MODE_MASK
    if ((op & o.BPF_CLASS_MASK) === o.BPF_LDX) {
      const known = mode === o.BPF_MEM || (mode === o.BPF_MEMSX && env.atLeast(6, 6))
      if (!known || code.imm[slot] !== 0) refuse("BPF_LDX uses reserved fields")
    }
    if (op !== o.OP_LDDW) {
      if (!isOpcode(env, op)) refuse(`unknown opcode ${op.toString(16).padStart(2, "0")}`)
      continue
    }
    const next = slot + 1
    if (next >= code.count || code.op[next] || code.dst[next] || code.src[next] || code.off[next]) {
      refuse("invalid bpf_ld_imm64 insn")
    }
    const kind = code.src[slot]
    slot++
    if (kind === 0 || kind === o.BPF_PSEUDO_BTF_ID || kind === o.BPF_PSEUDO_FUNC) continue
    const value = kind === o.BPF_PSEUDO_MAP_VALUE || kind === o.BPF_PSEUDO_MAP_IDX_VALUE
    const pointer = kind === o.BPF_PSEUDO_MAP_FD || kind === o.BPF_PSEUDO_MAP_IDX
    if (!value && !(pointer && code.imm[next] === 0)) refuse("unrecognized bpf_ld_imm64 insn")
    const map = findMap(env, slot - 1)
    env.mapAt[slot - 1] = map
    checkMapForProgram(env, map, refuse)
    if (!value) continue
    const off = code.imm[next] >>> 0
    if (off >= MAX_OFFSET) refuse(`direct value offset of ${off} is not allowed`)
    if (!DIRECT.has(map.type)) refuse("no direct value access support for this map type")
    const size = map.type === "arena" ? map.maxEntries * 4096 : map.valueSize
    if (off >= size || (map.type === "array" && map.maxEntries !== 1)) {
      refuse(`invalid access to map value pointer, value_size=${map.valueSize} off=${off}`)
    }
  }
}

function findMap(env: Env, slot: number): VerifierMap {
  const { code, input } = env
  const kind = code.src[slot]
  let fd = code.imm[slot]
  if (kind === o.BPF_PSEUDO_MAP_IDX || kind === o.BPF_PSEUDO_MAP_IDX_VALUE) {
    if (input.fdArray === undefined) throw new Refused(EPROTO, "fd_idx without fd_array is invalid", slot)
    fd = input.fdArray[fd] ?? -1
  }
  const map = input.maps?.get(fd)
  if (map === undefined) throw new Refused(EBADF, `fd ${fd} is not pointing to valid bpf_map`, slot)
  return map
}

/** Program types that run where anything may be interrupted. */
const TRACING = new Set(["kprobe", "tracepoint", "perf_event", "raw_tracepoint", "raw_tracepoint_writable"])

/** Maps that programs of some types cannot have. */
function checkMapForProgram(env: Env, map: VerifierMap, refuse: (message: string, errno?: number) => never): void {
  const { programType: type } = env
  for (const { name } of mapFields(map)) {
    const tracing = TRACING.has(type)
    if ((name === "bpf_list_head" || name === "bpf_rb_root") && tracing) {
      refuse("tracing progs cannot use bpf_{list_head,rb_root} yet")
    }
    if (name === "bpf_spin_lock" || name === "bpf_res_spin_lock") {
      if (type === "socket_filter") refuse("socket filter progs cannot use bpf_spin_lock yet")
      if (tracing) refuse("tracing progs cannot use bpf_spin_lock yet")
    }
    if ((name === "bpf_timer" || name === "bpf_wq") && tracing) refuse(`tracing progs cannot use ${name} yet`)
  }
  if (map.offloaded) refuse("offload device mismatch between prog and map")
  if (map.type === "struct_ops") refuse("bpf_struct_ops map cannot be used in prog")
  if (env.sleepable && !SLEEPABLE_MAPS.has(map.type)) {
    refuse("Sleepable programs can only use array, hash, ringbuf and local storage maps")
  }
  if (map.type === "arena" && !env.perfmon) refuse("CAP_BPF and CAP_PERFMON are required to use arena", 1)
}

const SLEEPABLE_MAPS = new Set([
  "hash",
  "lru_hash",
  "array",
  "percpu_hash",
  "percpu_array",
  "lru_percpu_hash",
  "array_of_maps",
  "hash_of_maps",
  "ringbuf",
  "user_ringbuf",
  "inode_storage",
  "sk_storage",
  "task_storage",
  "cgrp_storage",
  "queue",
  "stack",
  "arena",
])

/** Whether the kernel knows an opcode, whatever its fields say. */
function isOpcode(env: Env, op: number): boolean {
  const mode = op & o.BPF_MODE_MASK
  const size = op & o.BPF_SIZE_MASK
  const operation = op & o.BPF_OP_MASK
  const register = (op & o.BPF_SRC_MASK) === o.BPF_X
  switch (op & o.BPF_CLASS_MASK) {
    case o.BPF_ALU:
      return operation <= o.BPF_END && !(operation === o.BPF_NEG && register)
    case o.BPF_ALU64:
      if (operation === o.BPF_END) return !register && env.atLeast(6, 6)
      return operation < o.BPF_END && !(operation === o.BPF_NEG && register)
    case o.BPF_JMP:
      if (operation === o.BPF_JA || operation === o.BPF_EXIT || operation === o.BPF_CALL) return !register
      if (operation === o.BPF_JCOND) return !register && env.atLeast(6, 10)
      return operation < 0xf0
    case o.BPF_JMP32:
      if (operation === o.BPF_JA) return !register && env.atLeast(6, 6)
      return operation !== o.BPF_CALL && operation !== o.BPF_EXIT && operation < o.BPF_JCOND
    case o.BPF_LD:
      return (mode === o.BPF_ABS || mode === o.BPF_IND) && size !== o.BPF_DW
    case o.BPF_LDX:
      return mode === o.BPF_MEM || (mode === o.BPF_MEMSX && size !== o.BPF_DW)
    case o.BPF_ST:
      return mode === o.BPF_MEM
    default:
      return (
        mode === o.BPF_MEM || (mode === o.BPF_ATOMIC && (size === o.BPF_W || size === o.BPF_DW || env.atLeast(6, 15)))
      )
  }
}
