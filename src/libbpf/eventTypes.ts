import { build as b, helperName } from "../bcc/index.ts"
import * as c from "../c/index.ts"

/** Helpers that send a record, and which argument points to it. */
const SENDING: Readonly<Record<string, { readonly map: number; readonly data: number }>> = {
  bpf_ringbuf_output: { map: 0, data: 1 },
  bpf_perf_event_output: { map: 1, data: 3 },
}

/** Finds of what type the records are that a program sends through its perf buffers and ring buffers: the type of the first one of each. */
export class EventTypes {
  readonly types = new Map<string, c.Type>()

  /** A call whose arguments are rewritten. */
  call(e: c.Call): void {
    const name = helperName(e)
    const sending = name !== undefined && Object.hasOwn(SENDING, name) ? SENDING[name] : undefined
    if (sending !== undefined) this.#note(e.args[sending.map], e.args[sending.data])
  }

  /** `struct event *e = bpf_ringbuf_reserve(&events, …)`: a value that is given to a variable of a type. */
  reserved(type: c.Type, value: c.Expr): void {
    let call = b.stripCasts(value)
    // Where drops are counted, the call is the first thing that its place in the program holds.
    if (call.kind === "stmtExpr") {
      const first = call.body.body[0]
      const decl = first?.kind === "decl" && first.decls[0].kind === "var" ? first.decls[0] : undefined
      if (decl?.init?.kind === "expr") call = b.stripCasts(decl.init.expr)
    }
    if (call.kind !== "call" || helperName(call) !== "bpf_ringbuf_reserve") return
    this.#add(call.args[0], type)
  }

  #note(map: c.Expr | undefined, data: c.Expr | undefined): void {
    if (data !== undefined) this.#add(map, b.stripCasts(data).type)
  }

  #add(map: c.Expr | undefined, pointer: c.Type): void {
    const ref = map && b.stripCasts(map)
    const type = c.canonical(pointer)
    if (ref?.kind !== "mapRef" || type.kind !== "pointer" || this.types.has(ref.map)) return
    // The kernel's own types are large, and another kernel's are not the same.
    if (c.recordOf(type.to)?.origin === "source") this.types.set(ref.map, c.unqualified(type.to))
  }
}
