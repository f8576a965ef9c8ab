import assert from "node:assert/strict"
import { test } from "node:test"
import { type FeatureName, features } from "./featureList.ts"
import { kernelAtLeast } from "./host/index.ts"

// What Debian's kernel 6.1 was built with.
function feature(name: FeatureName, expected: boolean): void {
  test(`features.${name} is ${expected}`, { skip: kernelAtLeast("6.2") && "a newer kernel than the guest's" }, () =>
    assert.equal(features[name], expected),
  )
}

feature("kprobe", true)
feature("kprobeMulti", false)
feature("fentry", true)
feature("fmodRet", true)
feature("rawTracepointInModule", true)
feature("uprobe", true)
feature("uprobeMulti", false)
feature("boundedLoops", true)
