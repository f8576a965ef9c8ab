import { test } from "node:test"
import { checkContext } from "../../../tests/support/contextMatrix.ts"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { allPlaces, canAsk, placeName } from "../../../tests/support/verifierPlaces.ts"
import { hasContext } from "./access.ts"

/** The first bytes, and those around the end of the context. */
function* offsets(end: number): Iterable<number> {
  for (let offset = 0; offset < Math.min(end, 260); offset++) yield offset
  for (let offset = Math.max(260, end - 8); offset < Math.min(end + 9, 32760); offset++) yield offset
}

for (const place of needsRoot ? [] : allPlaces().filter(place => hasContext(place.type) && canAsk(place))) {
  test(placeName(place), () => checkContext(place, offsets))
}
