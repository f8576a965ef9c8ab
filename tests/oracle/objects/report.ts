import type { PeerVerdict } from "./libbpf.ts"
import type { Outcome } from "./ours.ts"

/** What skep's loader and libbpf make of one object; the programs by name, and `*` for all of it at once. */
export interface ObjectResult {
  readonly name: string
  readonly ours: ReadonlyMap<string, Outcome>
  readonly theirs: readonly PeerVerdict[]
}

const WHOLE = "*"

const percent = (some: number, all: number): string =>
  `${some} of ${all} (${((100 * some) / Math.max(all, 1)).toFixed(1)} %)`

/** The figures of a run, and each difference with its reason. */
export function report(results: readonly ObjectResult[]): string {
  const lines: string[] = []
  for (const [what, isMeant] of [
    ["programs", (name: string) => name !== WHOLE && name !== "-"],
    ["whole objects", (name: string) => name === WHOLE],
  ] as const) {
    const pairs = results.flatMap(({ name: object, ours, theirs }) =>
      theirs.filter(({ name }) => isMeant(name)).map(verdict => ({ object, verdict, own: ours.get(verdict.name) })),
    )
    const loads = pairs.filter(({ verdict }) => verdict.errno === 0)
    const isOurs = ({ own }: (typeof pairs)[number]): boolean => own !== undefined && own.refused === undefined
    const both = loads.filter(isOurs).length
    const more = pairs.filter(pair => pair.verdict.errno !== 0 && isOurs(pair))
    lines.push(
      `${what.padEnd(14)} libbpf loads ${percent(loads.length, pairs.length)}, skep ${percent(both, loads.length)} of these, and ${more.length} others`,
    )
    lines.push(
      ...loads.filter(pair => !isOurs(pair)).map(pair => `  only libbpf: ${placeOf(pair)}: ${oursOf(pair.own)}`),
    )
    const other = loads.filter(pair => isOurs(pair) && (pair.own?.tag ?? pair.verdict.tag) !== pair.verdict.tag)
    if (what === "programs")
      lines.push(`${" ".repeat(14)} ${percent(both - other.length, both)} of those have the same instructions`)
    lines.push(...other.map(pair => `  other instructions: ${placeOf(pair)}`))
    lines.push(...more.map(pair => `  only skep: ${placeOf(pair)}: ${pair.verdict.why.slice(0, 200)}`))
  }
  return `${lines.join("\n")}\n`
}

const placeOf = ({ object, verdict }: { readonly object: string; readonly verdict: PeerVerdict }): string =>
  verdict.name === WHOLE ? object : `${object}:${verdict.name}`

const oursOf = (own: Outcome | undefined): string =>
  own?.refused === undefined
    ? "there is no such program"
    : `${own.refused.code} ${own.refused.message.split("\n")[0].slice(0, 300)}`
