import type { Process } from "../process/process.ts"
import type { Steps } from "../time/steps.ts"
import { MILLISECOND, type Workload } from "./workload.ts"

const PORT = 53

/** Answers what is asked, for ever. */
function* answer(server: Process, version: 4 | 6): Steps<void> {
  const fd = yield* server.udp(PORT, version)
  for (;;) {
    const { from } = yield* server.receiveFrom(fd, 512)
    yield* server.compute(server.random(20, 300) * 1000)
    yield* server.sendTo(fd, from.port, server.random(60, 400))
  }
}

/** A name server, which is asked over UDP. */
export const names: Workload = {
  name: "names",
  about: "a name server is asked over UDP, by IPv4 and IPv6",
  start(system) {
    system.spawn("named", function* (server) {
      yield* server.thread(thread => answer(thread, 6))
      yield* answer(server, 4)
    })
    for (const comm of ["dig", "ping"]) {
      system.spawn({ comm, uid: 1000 }, function* (client) {
        for (let n = 0; ; n++) {
          yield* client.sleep(client.random(20, 90) * MILLISECOND)
          const fd = yield* client.udp(undefined, n % 2 === 0 ? 4 : 6)
          yield* client.sendTo(fd, PORT, client.random(30, 60))
          yield* client.receiveFrom(fd, 512)
          yield* client.close(fd)
        }
      })
    }
  },
}
