import assert from "node:assert/strict"
import { exit, mov64Imm } from "../../src/isa/index.ts"
import { returnRange } from "../../src/verifier/contexts/index.ts"
import { runningKernel } from "./kernelVersion.ts"
import { ask, type Place } from "./verifierPlaces.ts"

const VALUES = [-4096, -4095, -1, 0, 1, 2, 3, 4]

/** Holds that a place's programs may return what the running kernel lets them return. */
export function checkReturns(place: Place): void {
  const range = returnRange(
    { type: place.type, attachType: place.attachType, kernel: runningKernel() },
    {
      name: place.target ?? "",
      void: place.target === "bpf_lsm_inet_csk_clone",
    },
  )
  const [min, max] = range ?? [-Infinity, Infinity]
  const verdict = (value: number): boolean => ask(place, [mov64Imm(0, value), exit()]).accepted
  assert.deepEqual(
    VALUES.filter(verdict),
    VALUES.filter(value => value >= min && value <= max),
  )
}
