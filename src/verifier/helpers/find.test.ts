import assert from "node:assert/strict"
import { test } from "node:test"
import { callerAt, checkHelpers } from "../../../tests/support/helperMatrix.ts"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { allPlaces, canAsk, placeName } from "../../../tests/support/verifierPlaces.ts"
import { helperName } from "../../isa/index.ts"
import { helpersOf } from "./find.ts"

for (const place of needsRoot ? [] : allPlaces().filter(canAsk)) {
  test(placeName(place), () => checkHelpers(place, true))
  // Some need the licence themselves.
  if (!/^(lsm|struct_ops)$/.test(place.type)) test(`${placeName(place)} without GPL`, () => checkHelpers(place, false))
}

test("every name in the sets is a helper's", () => {
  for (const place of allPlaces()) {
    for (const [id, { name }] of helpersOf(callerAt(place))) assert.equal(`bpf_${name.split("/")[0]}`, helperName(id))
  }
})
