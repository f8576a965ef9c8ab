import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const gc = runInNewContext("gc") as () => void

/** Lets go of all that nothing refers to, also of what the event loop and finalizers let go of in a turn of their own. */
export async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await new Promise(done => setImmediate(done))
    gc()
  }
}
