import type { BPF, EventBatch, EventSubscription } from "../bpf/index.ts"
import { note } from "./style.ts"
import { jsonValue, valueText } from "./tables.ts"

export interface ShownEvents {
  /** Shows what is still there, says what was lost, and closes. */
  end(): void
}

/** Shows the events of all streams of a program as they come, one a line: `events: {pid: 7, comm: sh}`. */
export function showEvents(bpf: BPF, json: boolean): ShownEvents {
  const shown = bpf.eventNames.map(name => {
    const print = (batch: EventBatch<unknown>): void => {
      let text = ""
      for (const value of batch) {
        text += json
          ? `${JSON.stringify({ type: "event", name, value }, bytesAsHex)}\n`
          : `${name}: ${valueText(value)}\n`
      }
      process.stdout.write(text)
    }
    return bpf.onEvents(name, print).keepAlive(false)
  })
  return {
    end() {
      for (const subscription of shown) {
        while (subscription.poll() > 0);
        tellLosses(subscription)
        subscription.close()
      }
    },
  }
}

function tellLosses({ name, received, lost, malformed }: EventSubscription<unknown>): void {
  if (lost > 0)
    note(`${lost} events of ${name} were lost, ${received} came: they were sent faster than they could be read`)
  if (malformed > 0) note(`${malformed} events of ${name} had fewer bytes than their type`)
}

const bytesAsHex = (key: string, value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString("hex") : jsonValue(key, value)
