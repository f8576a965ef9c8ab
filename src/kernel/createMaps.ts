import { SkepError } from "../base/index.ts"
import { mapTypes } from "../isa/index.ts"
import type { LoadedMap } from "../machine/index.ts"
import type { BpfObject, MapEntry, MapSpec } from "../object/index.ts"
import { openArena } from "./arena.ts"
import * as bpf from "./bpf/index.ts"
import { hasFeature, requireFeature } from "./featureList.ts"
import { callFailed, isPermission, pageSize, permissionError, possibleCpus, raiseMemlock } from "./host/index.ts"
import { KernelMap } from "./map.ts"
import { openPinned, pinPath } from "./pins.ts"
import { E2BIG, EINVAL, ENOTSUPP } from "./raw/index.ts"
import { reuseMap } from "./reuse.ts"
import type { StructOpsPlan } from "./structOps.ts"

/** Where maps go: those made here, and what is opened anew of those given, belong to the object. */
export interface MapSet {
  readonly all: Map<string, LoadedMap>
  readonly own: LoadedMap[]
  /** Paths of pins that were made here, for maps that nobody had pinned before. */
  readonly pins: string[]
}

/** Makes the maps of an object into `set`, inner maps before the maps that hold them. */
export function createMaps(
  object: BpfObject,
  set: MapSet,
  given: ReadonlyMap<string, LoadedMap> | undefined,
  btfFd: () => number | undefined,
  plans: ReadonlyMap<string, StructOpsPlan>,
): void {
  const specs = new Map(object.maps.map(spec => [spec.name, spec]))
  const made = new Set<MapSpec>()
  const add = (spec: MapSpec, map: LoadedMap, isOwn: boolean): LoadedMap => {
    set.all.set(spec.name, map)
    if (isOwn) set.own.push(map)
    return map
  }
  const make = (spec: MapSpec): LoadedMap => {
    const known = set.all.get(spec.name)
    if (known !== undefined) return known
    const other = given?.get(spec.name)
    const inner = innerMaker(spec, specs, btfFd)
    if (other !== undefined) {
      const reused = reuseMap(spec, other, inner)
      return add(spec, reused, reused !== other)
    }
    // What is there already keeps what is in it.
    const pinned = spec.pin === undefined ? undefined : openPinned(spec, entriesOf(spec), inner)
    if (pinned !== undefined) return add(spec, pinned, true)
    const map = withInner(spec, specs, make, btfFd, fd => makeMap(spec, fd, btfFd, plans.get(spec.name), specs))
    made.add(spec)
    add(spec, map, true)
    if (spec.pin !== undefined) set.pins.push(pinPath(spec.pin))
    if (spec.type !== "struct_ops") fill(map, spec)
    return map
  }
  for (const spec of object.maps) if (spec.structOps?.autoload !== false && !isNeedless(object, spec)) make(spec)
  for (const spec of made) for (const entry of spec.values ?? []) put(set, spec.name, entry)
}

const isSection = ({ data, type }: MapSpec): boolean => data !== undefined && type === "array"

/** Whether a section that no code uses is to be left out, since the kernel has no global variables. */
function isNeedless({ programs, functions }: BpfObject, spec: MapSpec): boolean {
  const isUsed = (): boolean =>
    [...programs, ...functions].some(fn => fn.relocations.some(r => r.kind === "mapValue" && r.map === spec.name))
  return isSection(spec) && !isUsed() && !hasFeature("globalData")
}

/** Puts a map where a map of maps has it from the start. */
function put(set: MapSet, outer: string, { index, map }: MapEntry): void {
  const inner = map === undefined ? undefined : set.all.get(map)
  if (map === undefined) return
  if (inner === undefined) {
    throw new SkepError({
      code: "KERNEL_BAD_OBJECT",
      message: `map ${outer} holds map ${map}, which does not exist`,
      hint: "define the map in the same program",
    })
  }
  const bytes = new Uint8Array(Uint32Array.of(index, inner.fd).buffer)
  set.all.get(outer)?.update(bytes.subarray(0, 4), bytes.subarray(4))
}

/** Makes a map with a descriptor of a map like those it holds: one of the object's, or one made for the moment. */
function withInner(
  spec: MapSpec,
  specs: ReadonlyMap<string, MapSpec>,
  make: (spec: MapSpec) => LoadedMap,
  btfFd: () => number | undefined,
  use: (inner: number | undefined) => KernelMap,
): KernelMap {
  if (spec.inner !== undefined) return use(innerFd(spec, specs, make))
  if (spec.innerSpec === undefined) return use(undefined)
  const inner = makeMap(spec.innerSpec, undefined, btfFd, undefined)
  try {
    return use(inner.fd)
  } finally {
    inner[Symbol.dispose]()
  }
}

function innerFd(spec: MapSpec, specs: ReadonlyMap<string, MapSpec>, make: (spec: MapSpec) => LoadedMap): number {
  const inner = specs.get(spec.inner as string)
  if (inner === undefined || inner.inner !== undefined) {
    throw new SkepError({
      code: "KERNEL_BAD_OBJECT",
      message: `map ${spec.name} holds maps like ${spec.inner}, which ${inner === undefined ? "does not exist" : "holds maps itself"}`,
      hint: "define the inner map in the same program; maps nest one deep",
    })
  }
  return make(inner).fd
}

/** Bytes of a ring buffer that does not say how many. */
const RING_BYTES = 1 << 18

/** A slot for every CPU where the map does not say how many, and for a ring buffer the next size that one can have. */
function entriesOf({ type, maxEntries }: MapSpec): number {
  if (!type.endsWith("ringbuf")) return maxEntries === 0 && type === "perf_event_array" ? possibleCpus() : maxEntries
  if (maxEntries === 0) return RING_BYTES
  return pageSize() * 2 ** Math.max(0, Math.ceil(Math.log2(maxEntries / pageSize())))
}

const BPF_F_MMAPABLE = 1 << 10
const BPF_F_LINK = 1 << 13
const BPF_F_VTYPE_BTF_OBJ_FD = 1 << 15

function makeMap(
  spec: MapSpec,
  inner: number | undefined,
  btfFd: () => number | undefined,
  plan: StructOpsPlan | undefined,
  specs?: ReadonlyMap<string, MapSpec>,
): KernelMap {
  if (spec.type === "extern") {
    throw new SkepError({
      code: "KERNEL_EXTERN_MAP",
      message: `table ${spec.name} is another program's (extern), and no such map is given`,
      hint: "load the program that has it first (BPF_TABLE_PUBLIC) and hand its map over",
    })
  }
  const type = mapTypes.number(spec.type)
  if (type === undefined) {
    throw new SkepError({
      code: "KERNEL_MAP_TYPE",
      message: `map ${spec.name} has the type ${spec.type}, which is none of the kernel's`,
      hint: "use a type of enum bpf_map_type: hash, array, perf_event_array, ringbuf, …",
    })
  }
  const maxEntries = entriesOf(spec)
  const create = {
    type,
    keySize: spec.keySize,
    valueSize: spec.valueSize,
    maxEntries,
    flags: spec.flags,
    name: bpf.objectName(spec.name),
    innerFd: inner,
    numaNode: spec.numaNode,
    extra: spec.mapExtra,
    ...(plan !== undefined && {
      valueSize: plan.valueSize,
      flags: (spec.structOps?.link ? BPF_F_LINK : 0) | (plan.value.fd === 0 ? 0 : BPF_F_VTYPE_BTF_OBJ_FD),
      kernelValueType: plan.value.id,
      kernelValueFd: plan.value.fd,
      // The kernel looks the value's type up in its own, and wants the program's all the same.
      btfFd: btfFd(),
    }),
  }
  // Global data is shared with this process where the kernel can (Linux 5.5).
  const variants = isSection(spec) ? [create.flags | BPF_F_MMAPABLE, create.flags] : [create.flags]
  const { fd, flags } = tryMap(spec, create, variants, btfFd)
  if (fd === -EINVAL && isSection(spec)) requireFeature("globalData")
  if (fd < 0) throw createFailed(spec, maxEntries, -fd)
  const innerSpec = innerSpecOf(spec, specs)
  const made = { ...spec, innerSpec, valueSize: create.valueSize, flags: isSection(spec) ? flags : spec.flags }
  const map = new KernelMap(made, fd, maxEntries, innerMaker(spec, specs, btfFd))
  if (spec.type === "arena") openArena(map)
  if (spec.pin === undefined) return map
  try {
    map.pin(pinPath(spec.pin))
    return map
  } catch (error) {
    map[Symbol.dispose]()
    throw error
  }
}

const innerSpecOf = (spec: MapSpec, specs: ReadonlyMap<string, MapSpec> | undefined): MapSpec | undefined =>
  spec.inner === undefined ? spec.innerSpec : specs?.get(spec.inner)

/** Makes maps like those that a map of maps holds; undefined for other maps. */
function innerMaker(
  spec: MapSpec,
  specs: ReadonlyMap<string, MapSpec> | undefined,
  btfFd: () => number | undefined,
): (() => KernelMap) | undefined {
  const inner = innerSpecOf(spec, specs)
  return inner && (() => makeMap(inner, undefined, btfFd, undefined))
}

/** Makes a map with the first flags that the kernel takes; the descriptor, or −errno, and the flags. */
function tryMap(
  spec: MapSpec,
  create: bpf.MapCreate,
  variants: readonly number[],
  btfFd: () => number | undefined,
): { readonly fd: number; readonly flags: number } {
  const isTyped = spec.keyType !== 0 || spec.valueType !== 0
  const btf = isTyped ? btfFd() : undefined
  const typed = { btfFd: btf, btfKeyType: spec.keyType, btfValueType: spec.valueType }
  // Many map types take no type information, and old kernels none at all: what the map holds is the same without.
  const attempts = (btf === undefined ? [{}] : [typed, {}]).flatMap(more =>
    variants.map(flags => ({ ...create, ...more, flags })),
  )
  let fd = -1
  for (const attempt of attempts) {
    fd = bpf.mapCreate(attempt)
    if (isPermission(-fd) && raiseMemlock()) fd = bpf.mapCreate(attempt)
    if (fd >= 0) return { fd, flags: attempt.flags }
  }
  return { fd, flags: create.flags }
}

/** Global data: its content, and no more writes to what the program only reads. */
function fill(map: KernelMap, spec: MapSpec): void {
  if (spec.type === "arena") return
  if (spec.data !== undefined) {
    const value = new Uint8Array(map.valueSize)
    value.set(spec.data.subarray(0, value.length))
    map.update(new Uint8Array(map.keySize), value)
  }
  if (spec.frozen) map.freeze()
}

function createFailed(spec: MapSpec, maxEntries: number, errno: number): SkepError {
  const what = `making map ${spec.name} (${spec.type}, ${maxEntries} entries)`
  if (isPermission(errno)) return permissionError(what, errno, ["CAP_BPF"])
  if (errno === EINVAL || errno === ENOTSUPP || errno === E2BIG) {
    const since = mapTypes.since(spec.type)
    return callFailed(what, errno, {
      code: "KERNEL_MAP_REFUSED",
      why: `a key of ${spec.keySize} bytes, a value of ${spec.valueSize} bytes, flags 0x${spec.flags.toString(16)}`,
      hint: refusedHint(spec, maxEntries) ?? (since && `maps of this type came with Linux ${since}`),
    })
  }
  return callFailed(what, errno, { hint: "a map this large may not fit into memory: make it smaller" })
}

/** The rules that are broken most often. */
function refusedHint(spec: MapSpec, maxEntries: number): string | undefined {
  if (spec.type.endsWith("ringbuf") && (spec.keySize !== 0 || spec.valueSize !== 0)) {
    return "a ring buffer has neither keys nor values"
  }
  if (maxEntries === 0) return "a map has at least one entry"
  if (spec.type.endsWith("array") && spec.keySize !== 4) return "the key of an array is a 4-byte index"
  if (spec.type === "lpm_trie" && (spec.flags & 1) === 0) return "a prefix tree needs the flag BPF_F_NO_PREALLOC"
  if (spec.keySize > 512) return "a key of a hash has at most 512 bytes"
  return undefined
}
