import { SkepError } from "../base/index.ts"
import { Btf, isRecord, type RecordType, sizeOf } from "../btf/index.ts"
import type { BpfObject, MapSpec, StructOpsSpec } from "../object/index.ts"
import type { KernelType, KernelTypes } from "./kernelTypes.ts"

/** An instance of a table of operations, laid out as the running kernel has it. */
export interface StructOpsPlan {
  /** `struct bpf_struct_ops_NAME`: what the kernel keeps a table in. */
  readonly value: KernelType
  readonly valueSize: number
  /** The value, without the programs. */
  readonly data: Uint8Array
  /** Where descriptors of programs go in the value. */
  readonly programs: readonly { readonly program: string; readonly offset: number }[]
}

/** What a program that is one of the operations is loaded for. */
export interface Operation {
  readonly type: KernelType
  /** Member of the table. */
  readonly member: number
}

export interface StructOps {
  /** By name of the map. */
  readonly plans: ReadonlyMap<string, StructOpsPlan>
  /** By name of the program. */
  readonly operations: ReadonlyMap<string, Operation>
}

/**
 * Lays the object's tables of operations out as the running kernel declares them: members are found by name, numbers
 * are copied, programs are put where the kernel has the operation. The kernel wraps a table:
 *
 *     struct bpf_struct_ops_tcp_congestion_ops { …; struct tcp_congestion_ops data; }
 *
 * Throws `KERNEL_NO_STRUCT_OPS`, `KERNEL_STRUCT_OPS_MEMBER`.
 */
export function planStructOps(object: BpfObject, types: () => KernelTypes): StructOps {
  const plans = new Map<string, StructOpsPlan>()
  const operations = new Map<string, Operation>()
  for (const map of object.maps) {
    if (map.structOps !== undefined && map.structOps.autoload !== false)
      plans.set(map.name, plan(object, map, map.structOps, types(), operations))
  }
  return { plans, operations }
}

function plan(
  object: BpfObject,
  map: MapSpec,
  ops: StructOpsSpec,
  types: KernelTypes,
  operations: Map<string, Operation>,
): StructOpsPlan {
  const btf = Btf.parse(object.btf)
  const own = btf.resolved(ops.type)
  const table = types.find(own.name, "struct")
  const value = table && types.find(`bpf_struct_ops_${table.btf.name(table.id)}`, "struct")
  const wrapper = value?.btf.type(value.id)
  const inner = isRecordType(wrapper) ? wrapper.members.find(m => value!.btf.resolve(m.type) === table!.id) : undefined
  const kernel = table?.btf.type(table.id)
  if (!isRecordType(own) || !isRecordType(kernel) || inner === undefined) {
    throw new SkepError({
      code: "KERNEL_NO_STRUCT_OPS",
      message: `programs cannot implement struct ${own.name} in this kernel: map ${map.name}`,
      hint: "the kernel needs struct bpf_struct_ops_NAME for it: bpftool btf dump file /sys/kernel/btf/vmlinux shows those it has",
    })
  }
  const start = inner.bitOffset / 8
  const data = new Uint8Array(sizeOf(value!.btf, value!.id))
  const bytes = map.data ?? new Uint8Array(own.size)
  const programs: { program: string; offset: number }[] = []
  for (const member of own.members) {
    const at = member.bitOffset / 8
    const index = kernel.members.findIndex(m => m.name === member.name)
    const size = sizeOf(btf, member.type)
    const program = ops.programs.find(entry => entry.offset === at)?.program
    if (index < 0) {
      if (program === undefined && bytes.subarray(at, at + size).every(byte => byte === 0)) continue
      throw badMember(map, own, member.name, "is not in this kernel's")
    }
    const target = kernel.members[index]
    const place = start + target.bitOffset / 8
    if (program !== undefined) {
      operations.set(program, { type: table!, member: index })
      programs.push({ program, offset: place })
    } else if (btf.resolved(member.type).kind !== "ptr") {
      if (sizeOf(table!.btf, target.type) !== size)
        throw badMember(map, own, member.name, "has another size in this kernel's")
      data.set(bytes.subarray(at, at + size), place)
    }
  }
  return { value: value!, valueSize: data.length, data, programs }
}

const isRecordType = (type: { readonly kind: string } | undefined): type is RecordType =>
  type !== undefined && isRecord(type as RecordType)

const badMember = (map: MapSpec, own: RecordType, member: string, what: string): SkepError =>
  new SkepError({
    code: "KERNEL_STRUCT_OPS_MEMBER",
    message: `map ${map.name} sets ${member} of struct ${own.name}, which ${what}`,
    hint: "leave it out on this kernel, or define a variant of the struct with the flavour suffix ___name",
  })
