import type { BpfObject } from "../../src/object/index.ts"
import { compile, Memory } from "../../src/vm/index.ts"
import { placeProgram } from "../../tests/support/vmImage.ts"

/** How long it takes to make modules of programs, when it was done often. */
export function translation(objects: readonly BpfObject[]): void {
  const memory = new Memory()
  const images = objects.map(object => placeProgram(memory, object, "run").image)
  const insns = images.reduce((sum, image) => sum + image.insns.length, 0)
  let best = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < 60; turn++) {
    const start = performance.now()
    for (const image of images) compile(image, { verified: true })
    best = Math.min(best, performance.now() - start)
  }
  console.log(
    `translation, warm: ${(((best * 1000) / insns) * 100).toFixed(1)} µs for 100 instructions (${insns} in all)`,
  )
}
