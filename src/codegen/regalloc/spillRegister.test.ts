import assert from "node:assert/strict"
import { test } from "node:test"
import { parseModule } from "../../ir/index.ts"
import * as o from "../../isa/index.ts"
import { selectFunction } from "../isel/select.ts"
import { isVirtual } from "../mir/mir.ts"
import { printMachine } from "../mir/print.ts"
import { allocateRegisters } from "./allocate.ts"
import { AllocationChecker } from "./check.ts"
import { Homes } from "./homes.ts"
import { computeLiveness } from "./liveness.ts"
import { renameRegisters } from "./phiWebs.ts"
import { spillRegisters } from "./spillRegister.ts"

test("a register that is cut to its own low half comes from home and goes back", () => {
  const module = parseModule(
    'program @f section "test"\nfunc @f(ptr %p) -> i64 {\nb0:\n  %1 = load i64 u8 %p\n  %2 = trunc i32 %1\n  %3 = zext i64 %2\n  ret %3\n}\n',
    "prog.c",
  )
  const fn = selectFunction(module.functions[0], { options: { cpu: 3 }, globals: new Map() })
  const cut = fn.blocks[0].insts.find(i => i.op === (o.BPF_ALU | o.BPF_MOV | o.BPF_X) && isVirtual(i.src))
  assert.ok(cut !== undefined, printMachine(fn))
  const { dst, src } = cut
  renameRegisters(fn, r => (r === src ? dst : r))
  const checker = new AllocationChecker(fn)
  spillRegisters(fn, new Set([dst]), new Homes(fn))
  allocateRegisters(fn, computeLiveness(fn))
  checker.check()
})
