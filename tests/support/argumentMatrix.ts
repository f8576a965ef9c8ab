import type { Btf } from "../../src/btf/index.ts"
import { BPF_DW, BPF_W, exit, loadMem, mov64Imm } from "../../src/isa/index.ts"
import { type ArgumentValue, readArgument, type TypedPlace } from "../../src/verifier/types/index.ts"
import { ask, messages, type Place } from "./verifierPlaces.ts"

/** What the log shows of a register, as far as it depends on its type. */
function printed(btf: Btf, value: ArgumentValue): string {
  if (value.kind === "pointer") {
    const flags = `${value.tag === undefined ? "" : `${value.tag}_`}${value.trusted ? "trusted_" : ""}`
    return `${flags}ptr_${value.nullable ? "or_null_" : ""}${btf.name(value.type)}`
  }
  return value.kind === "buffer" ? `${value.readOnly ? "rdonly_" : ""}buf_or_null` : "scalar"
}

/** Where the running kernel does not say what the table does of a load of each word of a context. */
export function compareArguments(place: Place, typed: TypedPlace): string[] {
  const wrong: string[] = []
  for (let offset = 0; offset <= 8 * typed.prototype.params.length + 8; offset += 4) {
    for (const [size, width] of [
      [8, BPF_DW],
      [4, BPF_W],
    ] as const) {
      if (offset % size !== 0) continue
      const value = readArgument(typed, offset, size)
      const answer = ask(place, [loadMem(width, 0, 1, offset), mov64Imm(0, 0), exit()], { logLevel: 2 })
      const r0 = /(?:^0: .*; |^1: )R0(?:_w)?=([^(]*)/m.exec(answer.log)?.[1]
      const theirs =
        r0 ??
        messages(answer)
          .filter(line => !/Live regs|R0.*invalid|invalid bpf_context/.test(line))
          .join("\n")
      const ours = value.kind === "refused" ? value.lines.join("\n") : printed(typed.btf, value)
      if (ours !== theirs) wrong.push(`${typed.name} ${size} at ${offset}: ${theirs}, not ${ours}`)
    }
  }
  return wrong
}
