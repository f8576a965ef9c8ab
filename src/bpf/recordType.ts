import { SkepError } from "../base/index.ts"
import { type Btf, type ValueCodec, valueCodec } from "../btf/index.ts"

/** The codec of a type by its name in the program: `struct task_info`, or `task_info` for whatever has that name. Throws `BPF_NO_TYPE`. */
export function codecOfType(btf: Btf | undefined, type: string): ValueCodec {
  const [, kind, name = ""] = /^(?:(struct|union)\s+)?(\w+)$/.exec(type.trim()) ?? []
  const kinds =
    kind === undefined ? (["typedef", "struct", "union", "int"] as const) : ([kind] as ("struct" | "union")[])
  const id = btf?.find(name, ...kinds) ?? 0
  if (btf !== undefined && id !== 0) {
    const codec = valueCodec(btf, id)
    if (codec.size > 0) return codec
  }
  throw new SkepError({
    code: "BPF_NO_TYPE",
    message: `the program's type information has no type ${type} with a size`,
    hint: "types stay in it that tables, global variables that are used, or arguments of functions have",
  })
}
