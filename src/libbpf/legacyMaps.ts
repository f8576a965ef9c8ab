import type { MapDecl } from "../bcc/index.ts"
import * as c from "../c/index.ts"
import { mapTypes } from "../isa/index.ts"

const MEMBERS = ["type", "key_size", "value_size", "max_entries", "map_flags"] as const

/**
 * A map of section `maps`, as programs for libbpf before 1.0 have it: a variable that holds numbers. What keys and values are, nothing tells.
 *
 *     struct bpf_map_def counts SEC("maps") = { .type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .max_entries = 16 };
 *     →  { name: "counts", type: "hash", keySize: 4, valueSize: 8, maxEntries: 16 }
 */
export function legacyMap(decl: c.VarDecl, diagnostics: c.Diagnostics): MapDecl | undefined {
  const error = (message: string): undefined => {
    diagnostics.error("LIBBPF_LEGACY_MAP", `map '${decl.name}' in section "maps" ${message}`, decl.span, {
      hint: 'write struct bpf_map_def counts SEC("maps") = { .type = …, … }, or better struct { __uint(type, …); __type(key, …); … } in SEC(".maps")',
    })
  }
  if (c.recordOf(decl.type) === undefined) return error(`is no struct, but ${c.quoteType(decl.type)}`)
  const numbers = new Map<string, number>()
  for (const { field, init } of decl.init?.kind === "list" ? decl.init.entries : []) {
    const value = init.kind === "expr" ? c.evaluate(init.expr) : undefined
    const name = field?.name ?? ""
    if (typeof value !== "bigint") return error(`sets ${name} to what is no constant number`)
    if (!MEMBERS.includes(name as (typeof MEMBERS)[number])) {
      if (value !== 0n) return error(`sets ${name}, which struct bpf_map_def does not have`)
    } else numbers.set(name, Number(BigInt.asUintN(32, value)))
  }
  const [number, keySize, valueSize, maxEntries, flags] = MEMBERS.map(name => numbers.get(name) ?? 0)
  const type = mapTypes.name(number)
  if (type === undefined) return error(`has type ${number}, which skep does not know`)
  const { name, span } = decl
  return { name, type, key: undefined, value: undefined, keySize, valueSize, maxEntries, flags, decl, span }
}
