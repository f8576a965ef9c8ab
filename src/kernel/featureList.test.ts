import assert from "node:assert/strict"
import { test } from "node:test"
import { needsRoot } from "../../tests/support/kernel.ts"
import { SkepError } from "../base/index.ts"
import { aboutFeature, featureNames, features, requireFeature } from "./featureList.ts"
import { kernelAtLeast } from "./host/index.ts"

test("features that every kernel here has are found", { skip: needsRoot }, () => {
  for (const name of ["ringbuf", "userRingbuf", "rawTracepoint", "attachCookie", "link", "runStats"] as const) {
    assert.equal(features[name], true, name)
  }
})

test("a missing feature is named with the kernel that has it", { skip: needsRoot }, () => {
  for (const name of featureNames) {
    if (features[name]) {
      requireFeature(name)
      continue
    }
    const { what, since } = aboutFeature(name)
    assert.throws(
      () => requireFeature(name),
      error => error instanceof SkepError && error.code === "KERNEL_FEATURE" && error.missing?.minKernel === since,
    )
    assert.ok(what.length > 0)
  }
})

test("what came later than this kernel is missing", { skip: needsRoot }, () => {
  if (!kernelAtLeast("6.6")) assert.equal(features.uprobeMulti, false)
})
