import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { needsRoot } from "../../support/kernel.ts"
import { Compiler } from "./compile.ts"
import { Judge } from "./load.ts"
import { report } from "./report.ts"
import { cacheFolder } from "./suite.ts"

const folder = join(cacheFolder(), "tools/testing/selftests/bpf")
const missing = existsSync(join(folder, "progs")) ? undefined : "npm run selftests has not unpacked them yet"

/** A file of the selftests compiles, and the kernel takes its programs, those aside of a type that this machine allows nobody. */
function sample(name: string): void {
  test(`selftests: ${name}`, { skip: missing ?? needsRoot }, () => {
    const { object, failed } = new Compiler(folder).compile(name)
    assert.equal(failed, undefined)
    assert.ok(object)
    for (const { name, refused } of new Judge().judge(object)) {
      if (refused?.code !== "KERNEL_NO_PERMISSION") assert.equal(refused, undefined, name)
    }
  })
}
for (const name of [
  "atomics",
  "bloom_filter_map",
  "bpf_iter_task_file",
  "connect4_prog",
  "for_each_array_map_elem",
  "loop1",
  "test_xdp",
]) {
  sample(name)
}

test("a run is told in figures", () => {
  const ok = { name: "f", verified: 10 }
  const text = report([
    {
      name: "a",
      milliseconds: 10,
      slots: 9,
      clangSlots: 10,
      verdicts: [ok],
      clangVerdicts: [{ name: "f", verified: 20 }],
    },
    { name: "b", milliseconds: 30, failed: { code: "C_X", message: "b.c:3: no" }, clangSlots: 5, clangVerdicts: [ok] },
  ])
  assert.match(text, /compiled {12}1 of 2 \(50\.0 %\)/)
  assert.match(text, /median file 0\.900 .* 9 against 10 \(0\.900\)/)
  assert.match(text, /accepted {12}1 of 2 \(50\.0 %\)/)
  assert.match(text, /verified {12}10 against 20/)
  assert.match(text, /1 × C_X no\n {6}b:f\n/)
})
