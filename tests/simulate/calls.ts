import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { AttachTarget } from "../../src/machine/index.ts"
import type { ProgramType } from "../../src/object/index.ts"

/** A function that a tool attaches, and where. */
export interface Call {
  readonly fn: string
  readonly type: ProgramType
  readonly target: AttachTarget
}

interface Named {
  readonly event?: string
  readonly event_re?: string
  readonly event_off?: number
  readonly fn_name?: string
  readonly name?: string
  readonly sym?: string
  readonly tp?: string
  readonly ev_type?: number
  readonly ev_config?: number
  readonly sample_period?: number
  readonly sample_freq?: number
}

/** What a tool of BCC's attaches by itself, from `DIR/programs/ID/meta.json`. `functions` are those that a regular expression is held against. */
export function readCalls(dir: string, id: string, functions: readonly string[]): Call[] {
  const meta = JSON.parse(readFileSync(join(dir, "programs", id, "meta.json"), "utf8")) as {
    readonly calls: readonly (readonly [method: string, args: unknown, named: Named])[]
    readonly usdt_contexts: readonly Context[]
  }
  return [
    ...meta.calls.flatMap(([method, , named]) => callsOf(method, named, functions)),
    ...meta.usdt_contexts.flatMap(probesOf),
  ]
}

/** Names of the tables that the tool reads; all of the program's where it is not known. */
export function tablesOf(dir: string, id: string): ReadonlySet<string> {
  const meta = JSON.parse(readFileSync(join(dir, "programs", id, "meta.json"), "utf8")) as {
    readonly tables_used: readonly { readonly name: string }[]
  }
  return new Set(meta.tables_used.map(({ name }) => name))
}

/** Static probes that a tool enables: by their names, and the files and addresses where its functions are put. */
interface Context {
  readonly enabled: readonly (readonly [probe: string, fn: string])[]
  readonly uprobes: readonly (readonly [path: string, fn: string, address: string])[]
}

function probesOf({ enabled, uprobes }: Context): Call[] {
  return enabled.map(([probe, fn]) => {
    const path = uprobes.find(([, name]) => name === fn)?.[0] ?? ""
    // `provider:probe` where the tool says both; a program's provider has its name otherwise.
    const [event, provider = path.slice(path.lastIndexOf("/") + 1)] = probe.split(":").reverse()
    return { fn, type: "kprobe", target: { kind: "usdt", path, provider, event } }
  })
}

function callsOf(method: string, named: Named, functions: readonly string[]): Call[] {
  const fn = named.fn_name ?? ""
  switch (method) {
    case "attach_kprobe":
    case "attach_kretprobe": {
      const kind = method === "attach_kprobe" ? "kprobe" : "kretprobe"
      const expression = named.event_re ? new RegExp(named.event_re) : undefined
      const names = expression === undefined ? [named.event ?? ""] : functions.filter(name => expression.test(name))
      const offset = named.event_off
      return names.map(event => ({ fn, type: "kprobe", target: { kind, event, offset } }))
    }
    case "attach_uprobe":
    case "attach_uretprobe": {
      const kind = method === "attach_uprobe" ? "uprobe" : "uretprobe"
      return [{ fn, type: "kprobe", target: { kind, path: named.name ?? "", event: named.sym ?? "" } }]
    }
    case "attach_tracepoint": {
      const [category, event] = (named.tp ?? "").split(":")
      return [{ fn, type: "tracepoint", target: { kind: "tracepoint", category, event } }]
    }
    case "attach_raw_tracepoint":
      return [{ fn, type: "raw_tracepoint", target: { kind: "raw_tracepoint", event: named.tp ?? "" } }]
    case "attach_perf_event": {
      const event = { type: named.ev_type ?? 1, config: named.ev_config ?? 0 }
      const frequency = named.sample_freq || undefined
      const period = frequency === undefined ? named.sample_period : undefined
      return [{ fn, type: "perf_event", target: { kind: "perf_event", event, period, frequency } }]
    }
    default:
      return []
  }
}
