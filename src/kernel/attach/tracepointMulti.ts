import type { TracepointMultiTarget } from "../../machine/index.ts"
import type { Attacher } from "./attacher.ts"
import { byEvent } from "./attacher.ts"
import { attachEach } from "./many.ts"
import { openTracepoint, tracepointId } from "./tracepoint.ts"

/** Many tracepoints, each by an event of perf. */
export const tracepointMulti: Attacher<TracepointMultiTarget> = {
  types: ["tracepoint"],
  text: ({ event, events }) => `${event} (${events.length} tracepoints)`,
  open({ events, cookies, onProgress }, { program, what }) {
    const open = (name: string, i: number) => {
      const [category, event = ""] = name.split(":")
      const cookie = cookies?.[i]
      return byEvent("tracepoint", openTracepoint(tracepointId(category, event), program.fd, what, cookie), cookie)
    }
    return attachEach("tracepoint", events, open, onProgress)
  },
}
