import assert from "node:assert/strict"
import { test } from "node:test"
import { Watchers } from "./watchers.ts"

/** Watchers of a loop that writes down what is asked of it; `ready(fd)` is what the loop calls. */
function recorded() {
  const log: string[] = []
  const callbacks = new Map<number, () => void>()
  const watchers = new Watchers((fd, ready) => {
    log.push(`open ${fd}`)
    callbacks.set(fd, ready)
    return {
      ref: () => log.push(`ref ${fd}`),
      unref: () => log.push(`unref ${fd}`),
      stop: () => log.push(`stop ${fd}`),
      close: () => log.push(`close ${fd}`),
    }
  })
  return { watchers, log, ready: (fd: number) => callbacks.get(fd)?.() }
}

test("those who wait for one descriptor share a watcher, which goes with the last", () => {
  const { watchers, log, ready } = recorded()
  const called: string[] = []
  const one = watchers.watch(5, () => called.push("one"))
  const other = watchers.watch(5, () => called.push("other"))
  ready(5)
  one.close()
  one.close()
  ready(5)
  other.close()
  assert.deepEqual(called, ["one", "other", "other"])
  assert.deepEqual(log, ["open 5", "ref 5", "ref 5", "ref 5", "stop 5", "close 5"])
  watchers.watch(5, () => {}).close()
  assert.deepEqual(log.slice(6), ["open 5", "ref 5", "stop 5", "close 5"])
})

test("one that leaves while all are called is not called", () => {
  const { watchers, ready } = recorded()
  let calls = 0
  watchers.watch(5, () => other.close())
  const other = watchers.watch(5, () => calls++)
  ready(5)
  assert.equal(calls, 0)
})

test("the process stays alive as long as one of them wants it", () => {
  const { watchers, log } = recorded()
  const one = watchers.watch(5, () => {})
  const other = watchers.watch(5, () => {})
  log.length = 0
  one.keepAlive(false)
  other.keepAlive(false)
  one.keepAlive(true)
  one.close()
  one.keepAlive(true)
  assert.deepEqual(log, ["ref 5", "unref 5", "ref 5", "unref 5"])
})
