import { SkepError } from "../../base/index.ts"
import type { BPF } from "../../bpf/index.ts"
import { Btf } from "../../btf/index.ts"
import type { LoadedProgram } from "../../machine/index.ts"
import type { ProgramSpec, ProgramType } from "../../object/index.ts"
import { verdictKind } from "../../vm/index.ts"
import { UsageError } from "../command.ts"

/** What `--as` takes, and the types of programs that stand for it. */
const KINDS: Readonly<Record<string, ProgramType>> = {
  xdp: "xdp",
  tc: "sched_cls",
  socket: "socket_filter",
  cgroup: "cgroup_skb",
}

/** Contexts of programs whose type nothing else tells. */
const BY_CONTEXT: Readonly<Record<string, ProgramType>> = { xdp_md: "xdp", __sk_buff: "sched_cls" }

/** `--as`: KIND or KIND=FN, as types by the names of functions; the name `*` for those that are not named. */
export function kindsOf(given: readonly string[] = []): Map<string, ProgramType> {
  const kinds = new Map<string, ProgramType>()
  for (const text of given) {
    const [kind, fn = "*"] = text.split("=")
    const type = KINDS[kind]
    if (type === undefined) {
      throw new UsageError(
        `--as takes no '${kind}'`,
        `one of ${Object.keys(KINDS).join(", ")}, with =FN for one function`,
      )
    }
    kinds.set(fn, type)
  }
  return kinds
}

/** The programs of an object that packets can go through, loaded. Which one is of what type is said by its section, by `--as`, or by its context. */
export function capturePrograms(bpf: BPF, kinds: ReadonlyMap<string, ProgramType>): LoadedProgram[] {
  const btf = bpf.object.btf.length > 0 ? Btf.parse(bpf.object.btf) : undefined
  const loaded: LoadedProgram[] = []
  for (const spec of bpf.programs) {
    const type = kinds.get(spec.name) ?? spec.type ?? kinds.get("*") ?? typeByContext(btf, spec)
    if (type === undefined || verdictKind(type) === undefined) continue
    loaded.push(bpf.program(spec.name, { type }))
  }
  if (loaded.length === 0) throw noProgram(bpf)
  return loaded
}

/** What a function takes says what it is: `struct xdp_md *`, `struct __sk_buff *`. */
function typeByContext(btf: Btf | undefined, spec: ProgramSpec): ProgramType | undefined {
  if (btf === undefined || spec.btfId === 0) return undefined
  const func = btf.type(spec.btfId)
  const proto = func.kind === "func" ? btf.type(func.type) : undefined
  const parameter = proto?.kind === "func_proto" ? proto.params[0] : undefined
  const pointer = parameter === undefined ? undefined : btf.resolved(parameter.type)
  const context = pointer?.kind === "ptr" ? btf.resolved(pointer.type) : undefined
  return context?.kind === "struct" || context?.kind === "fwd" ? BY_CONTEXT[context.name] : undefined
}

function noProgram(bpf: BPF): SkepError {
  const names = bpf.programs.map(({ name }) => name)
  return new SkepError({
    code: "CLI_NO_PACKET_PROGRAM",
    message: "no program here takes packets of a capture",
    hint:
      names.length === 0
        ? "write a function that is not static and takes a struct xdp_md * or a struct __sk_buff *"
        : `say what one is: --as xdp=${names[0]}, --as tc=${names[0]} or --as socket=${names[0]}`,
  })
}
