import { suggest } from "../../base/index.ts"
import type { BPF, Link, UsdtOptions } from "../../bpf/index.ts"
import { UsageError } from "../command.ts"
import { kernelPlaces } from "./kernel.ts"
import { networkPlaces } from "./network.ts"
import type { Place, Places } from "./places.ts"
import { userPlaces } from "./user.ts"

const PLACES: Places = {
  ...kernelPlaces,
  ...userPlaces,
  ...networkPlaces,
  iter: {
    forms: [
      ["iter:KIND[:MAP]=FN", "shows what an iterator writes, at the end; at once where nothing else is attached"],
    ],
  },
}

/** What `--attach` takes, for the help. */
export const attachForms = Object.values(PLACES).flatMap(({ forms }) => forms)

/** Attaches as `--attach` says. `=FN` may be left out when the program has one function. */
export function attachAs(bpf: BPF, spec: string): Link {
  const { place, event, fn } = parseAttach(spec)
  if (place.attach === undefined) throw new UsageError(`--attach '${spec}' is no place to attach to`)
  return place.attach(bpf, event, place.alone ? "" : (fn ?? onlyFunction(bpf, spec)))
}

export interface AttachArgument {
  readonly kind: string
  readonly place: Place
  readonly event: string
  readonly fn: string | undefined
}

/** `KIND:EVENT[=FN]`. Throws UsageError. */
export function parseAttach(spec: string): AttachArgument {
  const [, kind, event, fn] = /^(\w+):([^=]+?)(?:=(\w+))?$/.exec(spec) ?? []
  if (kind === undefined) throw new UsageError(`--attach cannot be '${spec}'`, "it is KIND:PLACE=FN: skep help run")
  if (!Object.hasOwn(PLACES, kind)) {
    const near = suggest(kind, Object.keys(PLACES))
    throw new UsageError(
      `--attach knows no kind of place '${kind}'${near === undefined ? "" : `; did you mean '${near}'?`}`,
      `it is one of ${Object.keys(PLACES).join(", ")}: skep help run`,
    )
  }
  const place = PLACES[kind]
  if (place.alone && fn !== undefined) throw new UsageError(`--attach '${spec}': ${kind} takes no function`)
  return { kind, place, event, fn }
}

/**
 * The static probes among what `--attach` says, which the program is compiled with: `usdt:FILE:PROVIDER:NAME=FN`. Throws UsageError.
 */
export function usdtProbes(specs: readonly AttachArgument[]): UsdtOptions[] {
  return specs.flatMap(({ kind, event, fn }) => {
    if (kind !== "usdt") return []
    const found = /^(.+):([^:]+:[^:]+)$/.exec(event)
    if (found === null || fn === undefined) {
      throw new UsageError(`--attach 'usdt:${event}' is not complete`, "it is usdt:FILE:PROVIDER:NAME=FN")
    }
    return [{ path: found[1], probe: found[2], fn }]
  })
}

/** What iterators write: those that `--attach` says, else nothing. Throws UsageError, and what reading them throws. */
export function* iteratorOutput(bpf: BPF, specs: readonly AttachArgument[]): Generator<string> {
  for (const { kind, event, fn } of specs) {
    if (kind !== "iter") continue
    const [iterator, map] = event.split(":")
    if (fn !== undefined) bpf.program(fn, { type: "tracing", attach: { kind: "iter", event: iterator } })
    const name = fn ?? iterator
    yield bpf.iter(name, map === undefined ? {} : { map: bpf.table(map).map }).text()
  }
}

function onlyFunction(bpf: BPF, spec: string): string {
  const names = bpf.programs.map(program => program.name)
  if (names.length === 1) return names[0]
  throw new UsageError(`--attach '${spec}' does not say which function`, `add =FN: ${names.join(", ")}`)
}

/** `hello: kprobe __x64_sys_clone (perf kprobe)` */
export const linkText = ({ program, place, method }: Link): string => `${program.name}: ${place} (${method})`
