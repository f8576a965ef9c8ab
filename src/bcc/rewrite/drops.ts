import * as c from "../../c/index.ts"
import * as b from "../ast/build.ts"
import type { MapDecl } from "../unit.ts"

const DROPS = "skep_drops"

/** Helpers that put an event into a ring buffer, and what they give when there is no room. */
const FAILS: Readonly<Record<string, "negative" | "null">> = {
  bpf_ringbuf_output: "negative",
  bpf_ringbuf_reserve: "null",
  bpf_ringbuf_reserve_dynptr: "negative",
}

interface HelperNames {
  helper(name: string): c.FunctionDecl
}

/**
 * Counts the events that do not fit into ring buffers, which the kernel does not: around each call that may fail goes
 *
 *     ({ long _sent = bpf_ringbuf_output(&events, …); if (_sent < 0) { u32 _slot = 0; u64 *_drops = lookup(&skep_drops, &_slot);
 *        if (_drops) __sync_fetch_and_add(_drops, 1); } _sent; })
 *
 * The counters are an array for each CPU with an element for each ring buffer. Only a call that names its ring buffer is counted. The sum is
 * atomic because an interrupt on the same CPU may send, too.
 */
export class DropCounters {
  readonly #names: HelperNames
  readonly #rings: string[] = []
  #first: c.Expr | undefined

  constructor(names: HelperNames) {
    this.#names = names
  }

  /** The call of a helper, its arguments rewritten, with the count around it; the call itself where there is nothing to count. */
  around(call: c.Expr): c.Expr {
    const found = ringOf(call)
    if (found === undefined) return call
    const { span } = call
    this.#first ??= call
    let slot = this.#rings.indexOf(found.ring)
    if (slot < 0) slot = this.#rings.push(found.ring) - 1
    const sent = b.variable("_sent", c.unqualified(call.type), span, call)
    const value = b.value(sent, span)
    const zero = b.int(0, c.INT, span)
    const failed = found.fails === "null" ? b.not(value) : b.binary("<", value, c.convert(zero, sent.type), c.INT, span)
    const index = b.variable("_slot", c.UINT, span, b.cast(b.int(slot, c.INT, span), c.UINT, true))
    const lookup = b.call(
      this.#names.helper("bpf_map_lookup_elem"),
      [b.mapRef(DROPS, span), b.addressOf(b.ref(index, span), span)],
      span,
    )
    const counter = b.variable("_drops", COUNTER, span, b.cast(lookup, COUNTER, true))
    const one = b.cast(b.int(1, c.INT, span), c.ULLONG, true)
    const add = b.call(fetchAndAdd(span), [b.value(counter, span), one], span)
    const count = b.block(
      [b.declStmt(index), b.declStmt(counter), b.ifStmt(b.value(counter, span), b.exprStmt(add), undefined, span)],
      span,
    )
    return b.stmtExpr(
      [b.declStmt(sent), b.ifStmt(failed, count, undefined, span), b.exprStmt(b.value(sent, span))],
      span,
    )
  }

  /** The map of the counters; none where nothing is counted. */
  get maps(): MapDecl[] {
    if (this.#first === undefined) return []
    return [
      {
        name: DROPS,
        type: "percpu_array",
        key: c.UINT,
        value: c.ULLONG,
        keySize: 4,
        valueSize: 8,
        maxEntries: this.#rings.length,
        flags: 0,
        decl: undefined,
        span: this.#first.span,
        drops: this.#rings,
      },
    ]
  }
}

const COUNTER = c.pointerTo(c.ULLONG)

/** The ring buffer that a call sends to, where the call itself names it. */
function ringOf(call: c.Expr): { ring: string; fails: "negative" | "null" } | undefined {
  if (call.kind !== "call") return undefined
  const name = helperName(call)
  const fails = name !== undefined && Object.hasOwn(FAILS, name) ? FAILS[name] : undefined
  const map = call.args[0] && b.stripCasts(call.args[0])
  if (fails === undefined || map?.kind !== "mapRef") return undefined
  const type = c.canonical(call.type)
  const fits = fails === "null" ? type.kind === "pointer" : type.kind === "int"
  return fits ? { ring: map.map, fails } : undefined
}

/** Name of the kernel's helper that a call is of. */
export function helperName({ callee }: c.Call): string | undefined {
  const fn = b.stripCasts(callee)
  return fn.kind === "ref" && fn.decl.kind === "function" && fn.decl.helper !== undefined ? fn.decl.name : undefined
}

const fetchAndAdd = (span: c.Expr["span"]): c.FunctionDecl =>
  b.builtin("__sync_fetch_and_add", c.functionType(c.ULLONG, [COUNTER, c.ULLONG]), span)
