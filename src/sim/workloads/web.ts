import type { Process } from "../process.ts"
import type { Steps } from "../time/steps.ts"
import { MILLISECOND, type Workload } from "./workload.ts"

const PORT = 8080
const PAGES = ["index.html", "style.css", "logo.png"]

/** One request: a page is read and sent, a line of the log is written. */
function* serve(worker: Process, listener: number, log: number): Steps<void> {
  const fd = yield* worker.accept(listener)
  while ((yield* worker.receive(fd, 1024)) > 0) {
    const file = yield* worker.open(`/var/www/${PAGES[worker.random(0, PAGES.length)]}`)
    const bytes = yield* worker.read(file, 65_536)
    yield* worker.close(file)
    yield* worker.compute(worker.random(50, 400) * 1000)
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
    const fd = yield* client.connect(n % 8 === 7 ? PORT + 1 : PORT)
    if (fd >= 0) {
      for (let i = client.random(1, 4); i > 0; i--) {
        yield* client.call("libssl.so", "SSL_write", [0, 0, 37], () =>
          client.send(fd, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        )
        yield* client.call("libssl.so", "SSL_read", [0, 0, 65_536], () => client.receive(fd, 65_536))
      }
      yield* client.close(fd)
    }
    yield* client.sleep(client.random(20, 120) * MILLISECOND)
  }
}

/** A web server with a worker for each processor, and clients. */
export const web: Workload = {
  name: "web",
  about: "a web server and its clients",
  start(system) {
    for (const [i, page] of PAGES.entries()) system.files.make(`/var/www/${page}`, 0o100644, 3000 + i * 9000)
    system.spawn("nginx", function* (master) {
      const listener = yield* master.listen(PORT)
      for (let i = 0; i < system.kernel.cpus; i++) {
        yield* master.fork(function* (worker) {
          const log = yield* worker.open("/var/log/nginx/access.log", "append")
          for (;;) yield* serve(worker, listener, log)
        })
      }
      yield* master.wait()
    })
    for (const comm of ["curl", "firefox", "wget"]) system.spawn({ comm, uid: 1000 }, browse)
  },
}
