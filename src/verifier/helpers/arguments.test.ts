import assert from "node:assert/strict"
import { test } from "node:test"
import { everyMap } from "../../../tests/support/everyMap.ts"
import { prologue, rightArgument } from "../../../tests/support/helperCall.ts"
import { callerAt } from "../../../tests/support/helperMatrix.ts"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { allPlaces, ask, canAsk, messages, type Place, placeName } from "../../../tests/support/verifierPlaces.ts"
import { call, exit, helperName, type Insn, LAST_HELPER, mov64Imm, mov64Reg } from "../../isa/index.ts"
import { findHelper, helpersOf, isRefusal } from "./find.ts"
import type { Argument, Prototype } from "./notation.ts"

/** What the kernel names as expected where a register holds something else; undefined for what it says in other words. */
function expected({ kind, type }: Argument): RegExp | undefined {
  switch (kind) {
    case "ctx":
      return /^ctx$/
    case "map":
      return /^map_ptr$/
    case "key":
    case "value":
    case "mem":
      return /^fp, pkt, pkt_meta, map_key, map_value, mem, /
    case "size":
    case "const0":
      return /^scalar$/
    case "record":
      return /^ringbuf_mem$/
    case "sock_common":
      return /^sock_common, sock, tcp_sock, xdp_sock$/
    case "btf_sock":
      return /^sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_$/
    case "socket":
      return /^sock$/
    case "btf":
      return type === "" ? undefined : /^ptr_, trusted_ptr_, rcu_ptr_$/
    case "percpu":
      return /^percpu_ptr_/
    case "timer":
    case "string":
      return /^map_value$/
    case "spin_lock":
    case "kptr":
      return /^map_value, ptr_$/
    case "dynptr":
      return /^fp, dynptr_ptr$/
    case "stack":
      return /^fp$/
    case "callback":
      return /^func$/
    default:
      return undefined
  }
}

/** A map that a helper takes. */
function mapFor(name: string, maps: ReadonlyMap<string, number>): number {
  const type = /perf_event|skb_output|xdp_output/.test(name)
    ? "perf_event_array"
    : (["user_ringbuf", "ringbuf", "percpu_array"].find(type => name.includes(type.replace("_array", "_elem"))) ??
      "array")
  return maps.get(type)!
}

/** Tries each argument: a wrong one makes the kernel say what it wants there, if those before it are right. */
function checkArguments(place: Place, id: number, prototype: Prototype, maps: ReadonlyMap<string, number>): string[] {
  const wrong: string[] = []
  const before: Insn[] = prologue()
  for (const [index, argument] of prototype.args.entries()) {
    const register = index + 1
    const want = expected(argument)
    if (want !== undefined) {
      // The context is wrong for everything but itself.
      const bad = mov64Reg(register, argument.kind === "ctx" ? 10 : 6)
      const said = messages(ask(place, [...before, bad, call(id), mov64Imm(0, 0), exit()])).at(-1) ?? ""
      // Helpers that this kernel is built without, and maps that a program which sleeps cannot have.
      if (/cannot use helper|Sleepable programs can only/.test(said)) break
      const found = new RegExp(`^R${register} type=\\w+ expected=(.*)$`).exec(said)
      // A pair of memory and size is checked from its end.
      const ends = prototype.args[index + 1]?.kind === "size" && said === `R${register + 1} !read_ok`
      if (!ends && (found === null || !want.test(found[1]))) wrong.push(`R${register} ${argument.kind}: ${said}`)
    }
    const right = rightArgument(argument, register, mapFor(prototype.name, maps))
    if (right === undefined) break
    before.push(...right)
  }
  return wrong
}

for (const place of needsRoot ? [] : allPlaces().filter(place => place.attachType === undefined && canAsk(place))) {
  test(`arguments of helpers of ${placeName(place)}`, () => {
    using maps = everyMap()
    const caller = callerAt(place)
    const wrong: string[] = []
    for (let id = 1; id <= LAST_HELPER; id++) {
      const prototype = helpersOf(caller).get(id)
      if (prototype === undefined || isRefusal(findHelper(id, caller))) continue
      wrong.push(...checkArguments(place, id, prototype, maps).map(text => `${helperName(id)} ${text}`))
    }
    assert.deepEqual(wrong, [])
  })
}
