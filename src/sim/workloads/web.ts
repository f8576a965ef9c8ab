import type { Process } from "../process/process.ts"
import type { Steps } from "../time/steps.ts"
import { MILLISECOND, type Workload } from "./workload.ts"

/** Of the server, and one where nobody listens. */
const PORT = 80
const CLOSED = 81
const PAGES = ["index.html", "style.css", "logo.png"]

/** One connection: pages are read and sent, a line of the log is written for each. */
function* serve(worker: Process, listener: number, log: number): Steps<void> {
  const fd = yield* worker.accept(listener)
  while ((yield* worker.sslRead(fd, 1024)) > 0) {
    const file = yield* worker.open(`/var/www/${PAGES[worker.random(0, PAGES.length)]}`)
    const bytes = yield* worker.read(file, 65_536)
    yield* worker.close(file)
    yield* worker.compute(worker.random(50, 400) * 1000)
    yield* worker.sslWrite(fd, "HTTP/1.1 200 OK\r\n\r\n")
    yield* worker.send(fd, Math.max(200, bytes))
    yield* worker.write(log, 90)
  }
  yield* worker.close(fd)
}

/** A browser: some requests in a connection, then a pause. */
function* browse(client: Process): Steps<void> {
  yield* client.sleep(client.random(5, 60) * MILLISECOND)
  for (let n = 0; ; n++) {
    yield* client.lookup("localhost")
    // Now and then at a port where nobody listens.
    const fd = yield* client.connect(n % 8 === 7 ? CLOSED : PORT, n % 3 === 1 ? 6 : 4)
    if (fd >= 0) {
      for (let i = client.random(1, 4); i > 0; i--) {
        yield* client.sslWrite(fd, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        yield* client.sslRead(fd, 65_536)
      }
      yield* client.close(fd)
    }
    yield* client.sleep(client.random(20, 120) * MILLISECOND)
  }
}

/** A web server, for IPv4 and IPv6 with a worker for each processor, and clients. */
export const web: Workload = {
  name: "web",
  about: "a web server and its clients, over IPv4 and IPv6",
  start(system) {
    for (const [i, page] of PAGES.entries()) system.files.make(`/var/www/${page}`, 0o100644, 3000 + i * 9000)
    system.spawn("nginx", function* (master) {
      for (const version of [4, 6] as const) {
        const listener = yield* master.listen(PORT, { version, backlog: 511 })
        for (let i = 0; i < system.kernel.cpus; i++) {
          yield* master.fork(function* (worker) {
            const log = yield* worker.open("/var/log/nginx/access.log", "append")
            for (;;) yield* serve(worker, listener, log)
          })
        }
      }
      yield* master.wait()
    })
    for (const comm of ["curl", "firefox", "wget"]) system.spawn({ comm, uid: 1000 }, browse)
  },
}
