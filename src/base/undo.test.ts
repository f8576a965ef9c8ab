import assert from "node:assert/strict"
import { test } from "node:test"
import { disposeAll, undoAll } from "./undo.ts"

test("all steps are done, and the first error is thrown", () => {
  const done: number[] = []
  const step = (number: number, error?: string) => (): void => {
    done.push(number)
    if (error !== undefined) throw new Error(error)
  }
  assert.throws(() => undoAll([step(1), step(2, "first"), step(3, "second"), step(4)]), { message: "first" })
  assert.deepEqual(done, [1, 2, 3, 4])
})

test("all are disposed", () => {
  const gone: string[] = []
  disposeAll(new Set(["a", "b"].map(name => ({ [Symbol.dispose]: () => void gone.push(name) }))))
  assert.deepEqual(gone, ["a", "b"])
})
