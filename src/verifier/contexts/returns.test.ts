import { test } from "node:test"
import { needsRoot } from "../../../tests/support/kernel.ts"
import { checkReturns } from "../../../tests/support/returnMatrix.ts"
import { allPlaces, canAsk, placeName } from "../../../tests/support/verifierPlaces.ts"

for (const place of needsRoot ? [] : allPlaces().filter(canAsk)) test(placeName(place), () => checkReturns(place))
