/** What Node has for "soon, when others had their turn": a message to oneself comes sooner than a timer. */
const waiting = new Map<number, () => void>()
let last = 0
const channel = new MessageChannel()
channel.port1.addEventListener("message", event => {
  const id = (event as Event & { readonly data: number }).data
  const call = waiting.get(id)
  waiting.delete(id)
  call?.()
})
channel.port1.start()

export function setImmediate(call: () => void): number {
  waiting.set(++last, call)
  channel.port2.postMessage(last)
  return last
}
export const clearImmediate = (id: number): void => void waiting.delete(id)
