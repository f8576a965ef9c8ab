import assert from "node:assert/strict"
import { test } from "node:test"
import { randomModule } from "../../../tests/support/randomIr.ts"
import { selectFunction } from "../isel/select.ts"
import type { MFunction, MInst } from "../mir/mir.ts"
import { DEF_DST, isCall, roles, USE_DST, USE_SRC } from "../mir/operands.ts"
import { allocateRegisters } from "./allocate.ts"
import { AllocationChecker } from "./check.ts"
import { computeLiveness } from "./liveness.ts"

/** A function with registers, and the checker that saw it before. */
function allocated(seed: number): { fn: MFunction; checker: AllocationChecker } {
  const module = randomModule(seed, { size: 25, longLived: 10 })
  const fn = selectFunction(module.functions[0], { options: { cpu: 3 }, globals: new Map() })
  const checker = new AllocationChecker(fn)
  allocateRegisters(fn, computeLiveness(fn))
  return { fn, checker }
}

const isWrong = (checker: AllocationChecker): boolean => {
  try {
    checker.check()
    return false
  } catch (e) {
    assert.equal((e as { code: string }).code, "CODEGEN_REGALLOC")
    return true
  }
}

test("a right allocation passes", () => {
  for (let seed = 1; seed <= 30; seed++) allocated(seed).checker.check()
})

/** Changes an instruction, and says in how many of the cases tried the checker noticed. */
function caught(change: (i: MInst, all: MInst[]) => (() => void) | undefined): { tried: number; found: number } {
  let tried = 0
  let found = 0
  for (let seed = 1; seed <= 4; seed++) {
    const { fn, checker } = allocated(seed)
    for (const block of fn.blocks) {
      for (const i of block.insts) {
        const undo = change(i, block.insts)
        if (undo === undefined) continue
        tried++
        if (isWrong(checker)) found++
        undo()
      }
    }
    checker.check()
  }
  return { tried, found }
}

test("reading another register is noticed, unless it holds the same", () => {
  const { tried, found } = caught(i => {
    if (i.id < 0 || (roles(i) & USE_SRC) === 0 || i.src > 9) return undefined
    const old = i.src
    i.src = (old + 1) % 10
    return () => {
      i.src = old
    }
  })
  assert.ok(tried > 100)
  assert.ok(found > tried * 0.95, `${found} of ${tried}`)
})

test("writing another register is noticed", () => {
  const { tried, found } = caught(i => {
    const r = roles(i)
    if (i.id < 0 || isCall(i) || (r & DEF_DST) === 0 || (r & USE_DST) !== 0) return undefined
    const old = i.dst
    i.dst = (old + 1) % 10
    return () => {
      i.dst = old
    }
  })
  assert.ok(tried > 100)
  assert.ok(found > tried * 0.95, `${found} of ${tried}`)
})

test("a load from home, or a store there, that is left out is noticed, unless the register has the value still", () => {
  let tried = 0
  let found = 0
  for (let seed = 1; seed <= 12; seed++) {
    const { fn, checker } = allocated(seed)
    for (const block of fn.blocks) {
      for (const i of [...block.insts]) {
        if (i.id >= 0 || i.slot?.kind !== "spill") continue
        tried++
        const all = block.insts
        block.insts = all.filter(other => other !== i)
        if (isWrong(checker)) found++
        block.insts = all
      }
    }
  }
  assert.ok(tried > 20, `${tried}`)
  assert.ok(found > tried * 0.95, `${found} of ${tried}`)
})

test("an instruction that is left out is noticed", () => {
  const { fn, checker } = allocated(3)
  const [block] = fn.blocks
  const at = block.insts.findIndex(i => i.id >= 0 && (roles(i) & (USE_DST | DEF_DST)) === (USE_DST | DEF_DST))
  block.insts.splice(at, 1)
  assert.ok(isWrong(checker))
})
