import { test } from "node:test"
import { checkContext } from "../../../tests/support/contextMatrix.ts"
import { checkReturns } from "../../../tests/support/returnMatrix.ts"
import { allPlaces, canAsk, placeName } from "../../../tests/support/verifierPlaces.ts"
import { hasContext } from "./access.ts"

/** Every second word is enough for an emulated processor. */
function* words(end: number): Iterable<number> {
  for (let offset = 0; offset < Math.min(end + 8, 200); offset += 4) yield offset
}

const LIKE_ANOTHER = /^(cgroup_sock_addr(?!.*(inet4_connect|udp6_sendmsg))|kprobe.|lwt_[oxs]|sched_act)/
for (const place of allPlaces().filter(canAsk)) {
  test(`${placeName(place)} returns`, () => checkReturns(place))
  if (hasContext(place.type) && !LIKE_ANOTHER.test(placeName(place))) {
    test(placeName(place), () => checkContext(place, words))
  }
}
