import { becomes } from "../../tests/support/passCase.ts"
import { passes } from "./passes.ts"

const { conditions, cfg, dce } = passes
const known = (before: string, after: string) => becomes([conditions, cfg, dce], before, after)

// A pointer that was tested is not tested again.
known(
  "b0: %1 = cmp ne ptr %p, 0; br %1, b1, b2; b1: %2 = cmp eq ptr %p, 0; br %2, b2, b3; b3: ret 7; b2: ret 0",
  "b0: %1 = cmp ne ptr %p, 0; br %1, b1, b2; b1: ret 7; b2: ret 0",
)
known(
  "b0: br %a, b1, b2; b1: br %a, b3, b4; b2: ret 0; b3: ret 1; b4: ret 2",
  "b0: br %a, b1, b2; b2: ret 0; b1: ret 1",
)
known(
  "b0: br %a, b1, b2; b1: ret 1; b2: %1 = select i32 %a, 5, %a; ret %1",
  "b0: br %a, b1, b2; b1: ret 1; b2: %1 = select i32 0, 5, %a; ret %1",
)
// Where both ways lead, nothing is known.
known(
  "b0: br %a, b1, b2; b1: jump b2; b2: br %a, b3, b4; b3: ret 1; b4: ret 2",
  "b0: br %a, b3, b4; b3: ret 1; b4: ret 2",
)
const body = (test: string, inner: string) =>
  `b0: %1 = ${test}; br %1, b1, b2; b1: %2 = ${inner}; br %2, b3, b4; b2: ret 0; b3: ret 1; b4: ret 2`
/** Behind the first test, the second one has this answer. */
const after = (test: string, inner: string, answer: boolean) =>
  known(body(test, inner), `b0: %1 = ${test}; br %1, b1, b2; b2: ret 0; b1: ret ${answer ? 1 : 2}`)
/** Behind the first test, the second one may still go both ways. */
const open = (test: string, inner: string) =>
  known(
    body(test, inner),
    `b0: %1 = ${test}; br %1, b1, b2; b1: %2 = ${inner}; br %2, b3, b4; b2: ret 0; b3: ret 1; b4: ret 2`,
  )

after("cmp eq i32 %a, 2", "cmp eq i32 %a, 10", false)
after("cmp ult i32 %a, 10", "cmp ult i32 %a, 20", true)
after("cmp ult i32 %a, 10", "cmp slt i32 %a, 0", false)
after("cmp slt i32 %a, 0", "cmp ugt i32 %a, 5", true)
after("cmp sgt i32 %a, 5", "cmp ne i32 %a, 5", true)
after("cmp ne i32 %a, 5", "cmp eq i32 %a, 5", false)
open("cmp ne i32 %a, 5", "cmp eq i32 %a, 6")
open("cmp ult i32 %a, 10", "cmp ult i32 %a, 9")
open("cmp slt i32 %a, 10", "cmp ult i32 %a, 10")
