import assert from "node:assert/strict"
import { test } from "node:test"
import { everyMap } from "../../../tests/support/everyMap.ts"
import { rightCall } from "../../../tests/support/helperCall.ts"
import { callerAt } from "../../../tests/support/helperMatrix.ts"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { allPlaces, ask, canAsk, messages, type Place, placeName } from "../../../tests/support/verifierPlaces.ts"
import { helperName, LAST_HELPER } from "../../isa/index.ts"
import { helpersOf } from "./find.ts"
import { refuseMap } from "./maps.ts"

const WORDS = /^cannot (pass map_type|update sockmap)|^expected prog array/

/** Program types that have helpers of their own for maps, or are a case in the rules. */
const TYPES = [
  "socket_filter",
  "sched_cls",
  "xdp",
  "sock_ops",
  "sk_skb",
  "sk_msg",
  "sk_reuseport",
  "kprobe",
  "cgroup_skb",
  "tracing",
]

const places: Place[] = needsRoot ? [] : allPlaces().filter(place => TYPES.includes(place.type) && canAsk(place))
for (const place of places.filter((place, index) => places.findIndex(({ type }) => type === place.type) === index)) {
  test(`every map type to every helper of ${placeName(place)}`, () => {
    using maps = everyMap()
    const caller = callerAt(place)
    const wrong: string[] = []
    let tried = 0
    for (let id = 1; id <= LAST_HELPER; id++) {
      const prototype = helpersOf(caller).get(id)
      if (prototype === undefined || !prototype.args.some(({ kind }) => kind === "map")) continue
      for (const [type, fd] of maps) {
        const program = rightCall(id, prototype, fd)
        if (program === undefined) continue
        const answer = ask(place, program)
        const theirs = messages(answer)
          .filter(line => WORDS.test(line))
          .map(line => line.replace(/processed .*/, ""))
        // Refused for another reason before the map was looked at: keys of no size, structures that are not in these maps.
        if (!answer.accepted && theirs.length === 0) continue
        const ours = refuseMap(helperName(id)!, id, type, caller)
        tried++
        if (theirs.join() !== ours.join()) wrong.push(`${helperName(id)} of ${type}: "${theirs}", not "${ours}"`)
      }
    }
    assert.deepEqual(wrong, [])
    assert.ok(tried > 200, `${tried}`)
  })
}
